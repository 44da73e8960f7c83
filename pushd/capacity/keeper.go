package capacity

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Errors that a caller decides by.
var (
	// ErrNoServers says that nothing runs which could be multiplied: the group is empty, or the tag marks no server.
	ErrNoServers = errors.New("no game server is running")
	// ErrNoLease says that the run has asked for nothing, or has given everything back.
	ErrNoLease = errors.New("the run has no servers added")
	// ErrReturning says that a run asks for servers while those that it had are being given back.
	ErrReturning = errors.New("the servers of the run are being given back")
)

// group is where servers come from. What it does is done once however often it is asked for the same call of a lease.
type group interface {
	// look says how the servers stand.
	look(ctx context.Context, leases book) (standing, error)
	// raise and lower bring the total from l.From to l.To. Raise says how many it added: fewer than asked where there is no
	// room for more.
	raise(ctx context.Context, l Lease) (added int, err error)
	lower(ctx context.Context, l Lease, surplus []server) error
}

// a watcher is a group whose servers may be seen later than they are launched.
type watcher interface {
	// watch returns nil when so many are seen that were launched for the lease's last call, and errUnseen until then.
	watch(ctx context.Context, l Lease, launched int) error
}

// A Keeper adds servers to one environment, and gives them back. Any number of keepers, in any processes, may work on
// one environment; its methods may be called from several goroutines at once.
type Keeper struct {
	options Options
	group   group
}

// New returns a keeper. It asks nothing of AWS but what its settings make necessary for credentials.
func New(ctx context.Context, o Options) (*Keeper, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("capacity of %s: %w", o.Environment, err)
	}
	g, err := connect(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("capacity of %s: %w", o.Environment, err)
	}
	return &Keeper{o, g}, nil
}

// exclusively runs do with the environment's leases while no other keeper works on them.
func (k *Keeper) exclusively(ctx context.Context, do func(context.Context, *book) error) error {
	return k.options.Ledger.Exclusively(ctx, k.options.Environment, func(ctx context.Context) error {
		leases, err := k.leases(ctx)
		if err != nil {
			return err
		}
		return do(ctx, &leases)
	})
}

func (k *Keeper) leases(ctx context.Context) (book, error) {
	rows, err := k.options.Ledger.Leases(ctx, k.options.Environment)
	if err != nil {
		return nil, fmt.Errorf("reading the leases: %w", err)
	}
	return slices.Clone(rows), nil
}

// save records a lease, in the ledger and in the book.
func (k *Keeper) save(ctx context.Context, leases *book, l Lease) error {
	l.Changed = k.options.Now().UTC()
	if err := k.options.Ledger.Save(ctx, l); err != nil {
		return fmt.Errorf("recording the lease of %s: %w", l.Run, err)
	}
	leases.put(l)
	return nil
}

// Stand says how many servers run now without those that liveops has added, of which a run would have so many times as many, and how many
// there may be in all by the group's own maximum. It only looks.
func (k *Keeper) Stand(ctx context.Context) (base, most int, err error) {
	leases, err := k.leases(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("servers of %s: %w", k.options.Environment, err)
	}
	s, err := k.look(ctx, leases)
	if err != nil {
		return 0, 0, fmt.Errorf("servers of %s: %w", k.options.Environment, err)
	}
	return s.own, s.most, nil
}

// look says how the servers stand, and tries again where AWS says that it will pass.
func (k *Keeper) look(ctx context.Context, leases book) (s standing, err error) {
	err = k.retry(ctx, func() error {
		s, err = k.group.look(ctx, leases)
		return err
	})
	return s, err
}
