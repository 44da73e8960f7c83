package pushd

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"liveops/pushd/audience"
	"liveops/pushd/runs"
)

const (
	mostTokens = 1000 // of a batch
	// publishing is how many batches are handed to JetStream at once: it syncs each to disk.
	publishing = 16
)

// batchTokens is how many tokens the batches of a run have: a thousand, and fewer where its rate is so low that a
// worker would have them in hand for long.
func (d *led) batchTokens() int {
	if r := d.campaign.Rate.PerSecond(); r > 0 {
		return min(max(int(r*evenly.Seconds()), 1), mostTokens)
	}
	return mostTokens
}

// produce hands out the batches that may have been lost on their way, and then what the run's audience has beyond.
func (l *leader) produce(ctx context.Context, d *led) error {
	if d.Test != "" {
		return l.produceTest(ctx, d)
	}
	if err := l.leaveOut(ctx, d); err != nil {
		return err
	}
	q, err := l.o.Query(d.campaign, l.seen(d))
	if err != nil {
		return err
	}
	if err := l.again(ctx, d, q); err != nil {
		return err
	}
	if !d.Read {
		if err := l.readOn(ctx, d, q); err != nil {
			return err
		}
		if err := l.o.Runs.Extend(ctx, l.epoch, d.ID, nil, d.Cursor, true); err != nil {
			return err
		}
	}
	l.mu.Lock()
	d.Read, d.produced = true, true
	l.mu.Unlock()
	return nil
}

// readOn hands out what the run's audience has beyond its cursor. The next page is read while the last is handed out.
func (l *leader) readOn(ctx context.Context, d *led, q audience.Query) error {
	pages := make(chan audience.Page)
	g, ctx := errgroup.WithContext(ctx)
	from := d.Cursor
	g.Go(func() error {
		defer close(pages)
		for page, err := range l.o.Tokens.Pages(ctx, q, from) {
			if err != nil {
				return err
			}
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		for page := range pages {
			if err := l.handOut(ctx, d, page); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// errCanceled ends the reading of an audience that nobody is to be sent to any more.
var errCanceled = errors.New("the run was canceled")

// again hands out every batch without a result: nobody knows which of them are on their way. Those that are, JetStream
// knows; and whoever gets one asks whether it has its result. Tokens that were registered since are among them: a batch may have
// more than it had.
func (l *leader) again(ctx context.Context, d *led, q audience.Query) error {
	for after := 0; ; {
		batches, err := l.o.Runs.Unsettled(ctx, d.ID, after, l.o.Outstanding)
		if err != nil {
			return err
		}
		if len(batches) == 0 {
			l.mu.Lock()
			defer l.mu.Unlock()
			d.known, d.done = true, map[int]bool{}
			return nil
		}
		l.opened(d, batches)
		for _, b := range batches {
			tokens, err := l.o.Tokens.Between(ctx, q, b.After, b.To)
			if err != nil {
				return err
			}
			if err := l.o.Batches.Publish(ctx, d.ID, b.Seq, pack(b.After.Platform, d.untested(b.After.Platform, tokens))); err != nil {
				return err
			}
			after = b.Seq
		}
	}
}

// handOut records a page's batches, and then hands them out, when there is room for them.
func (l *leader) handOut(ctx context.Context, d *led, page audience.Page) error {
	if page.Tokens = d.untested(page.At.Platform, page.Tokens); len(page.Tokens) == 0 {
		return nil
	}
	var batches []runs.Batch
	var tokens [][]audience.Token
	l.mu.Lock()
	cursor, last := d.Cursor, d.Last
	l.mu.Unlock()
	if cursor.Platform != page.At.Platform || cursor.Value != page.At.Value {
		cursor = audience.Cursor{Platform: page.At.Platform, Value: page.At.Value}
	}
	for rest, size := page.Tokens, d.batchTokens(); len(rest) > 0; {
		some := rest[:min(size, len(rest))]
		rest = rest[len(some):]
		last++
		to := some[len(some)-1].Token
		batches = append(batches, runs.Batch{Seq: last, After: cursor, To: to, Tokens: len(some)})
		tokens = append(tokens, some)
		cursor.Token = to
	}
	if err := l.awaitRoom(ctx, d); err != nil {
		return err
	}
	if err := l.o.Runs.Extend(ctx, l.epoch, d.ID, batches, cursor, false); err != nil {
		return err
	}
	l.opened(d, batches)
	l.mu.Lock()
	d.Cursor, d.Last, d.Tokens = cursor, last, d.Tokens+int64(len(page.Tokens))
	l.mu.Unlock()
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(publishing)
	for i, b := range batches {
		g.Go(func() error { return l.o.Batches.Publish(group, d.ID, b.Seq, pack(page.At.Platform, tokens[i])) })
	}
	return g.Wait()
}

// opened takes note of batches that are on their way now.
func (l *leader) opened(d *led, batches []runs.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range batches {
		if !d.done[b.Seq] { // it may have got its result since it was read
			d.open[b.Seq] = true
		}
	}
}

// awaitRoom waits until a run is running and few enough batches of it are on their way. A run that is canceled gets no more.
func (l *leader) awaitRoom(ctx context.Context, d *led) error {
	for {
		l.mu.Lock()
		open, state, room := len(d.open), d.told(), l.o.Outstanding*max(1, l.atWork())
		l.mu.Unlock()
		switch {
		case state == runs.Running && open < room:
			return nil
		case state == runs.Canceling:
			return errCanceled
		}
		select {
		case <-d.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
