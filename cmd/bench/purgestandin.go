package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"liveops/sandbox/couchbase"
)

// The view that both sides ask for candidates: the holders of an item.
const (
	purgeDesign = "inventory"
	purgeView   = "holders"
	purgeItem   = "santa_cookie"
)

// holders is the view's map function. It is no JavaScript, which the stand-in would spend more time on than on all
// else: only a purge asks the view again, and a server maps what has changed for everybody.
func holders(_ string, body []byte, emit func(key, value []byte)) {
	key := []byte(`"` + purgeItem + `"`)
	if bytes.Contains(body, append([]byte(`"item":`), key...)) {
		emit(key, []byte("null"))
	}
}

// purgeStandin is the stand-in for Couchbase in a process of its own.
type purgeStandin struct {
	url     string
	process *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Reader
}

func startPurgeStandin(ctx context.Context) (*purgeStandin, error) {
	c := exec.CommandContext(ctx, os.Args[0], "-")
	c.Env = append(os.Environ(), readerSetting+"=purge-standin", "GOGC=400", "GOMEMLIMIT=4GiB") // as little as may be of what is measured
	c.Stderr = os.Stderr
	ask, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &purgeStandin{process: c, ask: ask, answers: bufio.NewReader(out)}
	if s.url, err = s.answer(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *purgeStandin) answer() (string, error) {
	line, err := s.answers.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the stand-in for Couchbase: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// fill puts so many documents of a kind in place of all that there are, and brings the view up to date.
func (s *purgeStandin) fill(documents int, kind string) error {
	fmt.Fprintf(s.ask, "fill %d %s\n", documents, kind) // if it is gone, so is the answer
	_, err := s.answer()
	return err
}

// check says how many documents have the item, after looking whether all others are what the change makes of them.
func (s *purgeStandin) check() (left int, err error) {
	fmt.Fprintln(s.ask, "check")
	line, err := s.answer()
	if err == nil {
		_, err = fmt.Sscanf(line, "left %d", &left)
	}
	if err != nil {
		return 0, fmt.Errorf("check the documents: %s %w", line, err)
	}
	return left, nil
}

// stop ends the process; how it ends is of no account.
func (s *purgeStandin) stop() {
	s.ask.Close()
	s.process.Wait()
}

// purgeStandinProcess is what that process does: what it is asked to on each line, until there are no more.
func purgeStandinProcess() error {
	server, err := couchbase.Start(couchbase.Options{})
	if err != nil {
		return err
	}
	defer server.Close()
	bucket := server.Bucket("game")
	if err := bucket.PutDesign(purgeDesign, couchbase.Design{Views: map[string]couchbase.MapView{purgeView: {Native: holders}}}); err != nil {
		return err
	}
	fmt.Println(server.URL())
	documents, kind := 0, ""
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "check":
			fmt.Println(checkPurged(bucket.DefaultCollection(), documents, kind))
		default:
			if _, err := fmt.Sscanf(line, "fill %d %s", &documents, &kind); err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
			if err := fillPurge(server, documents, kind); err != nil {
				return err
			}
			fmt.Println("filled")
		}
	}
	return nil
}

func fillPurge(server *couchbase.Server, documents int, kind string) error {
	all := server.Bucket("game").DefaultCollection()
	for _, id := range all.IDs() {
		all.Delete(id)
	}
	for i := range documents {
		all.Put(purgeID(i), couchbase.Document{Body: purgeDocument(i, kind, true), Flags: 0x02000006})
	}
	r, err := http.NewRequest(http.MethodGet, server.WebURL()+"/game/_design/"+purgeDesign+"/_view/"+purgeView+"?stale=false&limit=1", nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth("Administrator", "password")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("bring the view up to date: %s", answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// checkPurged compares all documents with what they should be.
func checkPurged(all *couchbase.Collection, documents int, kind string) string {
	left := 0
	for i := range documents {
		d, _ := all.Get(purgeID(i))
		switch {
		case bytes.Equal(d.Body, purgeDocument(i, kind, true)):
			left++
		case !bytes.Equal(d.Body, purgeDocument(i, kind, false)):
			return fmt.Sprintf("%s is neither as it was nor as it should be: %s", purgeID(i), d.Body)
		}
	}
	return fmt.Sprintf("left %d", left)
}

func purgeID(i int) string { return fmt.Sprintf("user-%07d", i) }

// purgeDocument is a document with or without the item that is to go. One of kind "account" has what an account has,
// a "short" one little more than the item. Every tenth has bought it, and keeps it. Its keys are sorted, so that the
// loop, which writes it anew from a map, gives the same bytes.
func purgeDocument(i int, kind string, with bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"coins":%d,"inventory":[`, i*37%100_000)
	first, from, items := "", "event", 24
	if i%10 == 9 {
		from = "shop"
	}
	if kind == "short" {
		items = 1
	}
	for k := range items {
		fmt.Fprintf(&b, `%s{"count":%d,"from":"drop","item":"sword_%02d","since":%d}`, first, 1+(i+k)%9, (i+7*k)%100, 1_700_000_000+i+k)
		first = ","
		if k == items/2 && (with || from == "shop") {
			fmt.Fprintf(&b, `,{"count":1,"from":"%s","item":"%s","since":1733000000}`, from, purgeItem)
		}
	}
	b.WriteByte(']')
	if kind != "short" {
		fmt.Fprintf(&b, `,"level":%d,"name":"플레이어 %d","quests":{"daily":[1,2,3],"main":%d},"settings":{"language":"ko","push":true,"volume":0.8}`, i%80, i, i%300)
	}
	b.WriteByte('}')
	return b.Bytes()
}
