package control_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/datasheets"
	"liveops/pushd/control"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// left is what a release left.
type left map[string]string

func (left) Environment() string { return "production" }

func (l left) Files(context.Context) (string, []mysqlstore.File, error) {
	var all []mysqlstore.File
	for path, text := range l {
		all = append(all, mysqlstore.File{Path: path, Data: []byte(text)})
	}
	return "c1", all, nil
}

const (
	config = "timezone: Asia/Seoul\nenvironments:\n  - {name: staging, push: {tokens: {table: t, token: token, platform: platform}}}\n" +
		"  - {name: production, after: staging, push: {tokens: {table: t, token: token, platform: platform}}}\n"
	crystals = "schedule: \"3 19 * * FRI\"\nmessage: {default: {title: Come back!, body: Log in now}}\nrate: 1000/s\n"
	once     = "at: 2026-11-20T19:00\nmessage: {default: {title: Once, body: Only}}\nrate: 1000/s\n"
)

func released() left {
	return left{"liveops.yaml": config, "pushes/crystals.yaml": crystals, "pushes/2026/once.yaml": once}
}

func record(t *testing.T) *runs.Store {
	t.Helper()
	s, _ := recordIn(t)
	return s
}

// recordIn is a record, and its database.
func recordIn(t *testing.T) (*runs.Store, *sql.DB) {
	t.Helper()
	c, err := mysql.ParseDSN(mariadb.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	c.Params = map[string]string{"time_zone": "'+00:00'", "sql_mode": "'STRICT_ALL_TABLES'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := runs.New(db)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, db
}

var now = time.Date(2026, 11, 25, 12, 0, 0, 500e6, time.UTC)

// A campaign's file comes through the record whole.
func TestReadAndDecode(t *testing.T) {
	r, err := control.Read(t.Context(), released())
	if err != nil || r.Commit != "c1" || r.Environment != "production" || len(r.Campaigns) != 2 || r.Campaigns[0].Name != "crystals" {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, c := range r.Campaigns {
		again, err := control.Decode(c.Name, c.File)
		if err != nil || again.Fingerprint() != c.Fingerprint() || again.Zone.String() != "Asia/Seoul" {
			t.Errorf("%s: %+v, %v", c.Name, again, err)
		}
		if _, err := control.Decode("another", c.File); err == nil {
			t.Errorf("%s is taken for another", c.Name)
		}
	}
	if _, err := control.Read(t.Context(), left{}); !errors.Is(err, control.ErrNoPush) {
		t.Errorf("%v", err)
	}
	var problem *datasheets.Problem
	if _, err := control.Read(t.Context(), left{"liveops.yaml": config, "pushes/x.yaml": "nonsense: 1\n"}); !errors.As(err, &problem) {
		t.Errorf("%v", err)
	}
}

func TestPushOfAnEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		config    string
		rehearses bool
		err       error
	}{
		"the last one":          {config, false, nil},
		"another comes after":   {config + "  - {name: asia, after: production}\n", true, nil},
		"which sends to a list": {strings.Replace(config, "  - {name: production, after: staging, push: {tokens: {", "  - {name: production, after: staging, push: {lists: {qa: {users: [\"1\"]}}, only: [qa], tokens: {user: user, ", 1) + "  - {name: asia, after: production}\n", false, nil},
		"nothing":               {"environments: [{name: production}]\n", false, control.ErrNoPush},
		"not there":             {"environments: [{name: staging}]\n", false, control.ErrNoPush},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := control.Read(t.Context(), left{"liveops.yaml": test.config})
			if err != nil {
				t.Fatal(err)
			}
			if is, err := r.Rehearses(); is != test.rehearses || !errors.Is(err, test.err) {
				t.Errorf("%v, %v", is, err)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	r, err := control.Read(t.Context(), released())
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Campaign("cristals")
	if unknown := (*control.UnknownError)(nil); !errors.As(err, &unknown) || unknown.Near != "crystals" {
		t.Errorf("%v", err)
	}
	s := record(t)
	_, err = control.Wish(t.Context(), s, released(), "cristals", runs.Paused, "")
	if err == nil || err.Error() != "no campaign `cristals` was released to production; did you mean `crystals`?" {
		t.Errorf("%v", err)
	}
	_, err = control.Wish(t.Context(), s, released(), "crystals", runs.Paused, "")
	if idle := (*control.IdleError)(nil); !errors.As(err, &idle) {
		t.Errorf("%v", err)
	}
}

// order begins a run at a second after now.
func order(t *testing.T, s *runs.Store, second int) runs.Run {
	t.Helper()
	r, err := control.Read(t.Context(), released())
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Campaign("crystals")
	if err != nil {
		t.Fatal(err)
	}
	run, begun, err := control.Order(t.Context(), s, r, c, "jun", now.Add(time.Duration(second)*time.Second))
	if err != nil || !begun {
		t.Fatalf("begun %v, %v", begun, err)
	}
	_, begun, err = control.Order(t.Context(), s, r, c, "mina", now.Add(time.Duration(second)*time.Second))
	if err != nil || begun {
		t.Fatalf("begun twice: %v, %v", begun, err)
	}
	return run
}

func states(all []runs.Run) string {
	var words []string
	for _, r := range all {
		words = append(words, string(r.State))
	}
	return strings.Join(words, " ")
}

// A wish is of all runs of the campaign that are under way, and files that cannot be read are not in its way.
func TestWish(t *testing.T) {
	s := record(t)
	first, second := order(t, s, 0), order(t, s, 1)
	if second.Actor != "jun" || second.Commit != "c1" || !second.Time.Equal(now.Truncate(time.Second).Add(time.Second)) {
		t.Errorf("%+v", second)
	}
	broken := left{"liveops.yaml": "nonsense: 1\n"}
	wish := func(to runs.State, want string) {
		t.Helper()
		all, err := control.Wish(t.Context(), s, broken, "crystals", to, "by jun")
		if got := states(all); err != nil || got != want {
			t.Errorf("%s: %q, %v", to, got, err)
		}
	}
	wish(runs.Paused, "paused paused")
	if _, err := s.Wish(t.Context(), first.ID, runs.Canceling, ""); err != nil {
		t.Fatal(err)
	}
	wish(runs.Running, "running")
	wish(runs.Canceling, "canceling canceling")
	_, err := control.Wish(t.Context(), s, broken, "crystals", runs.Paused, "")
	if no := (*runs.StateError)(nil); !errors.As(err, &no) {
		t.Errorf("%v", err)
	}
	if _, err = control.Wish(t.Context(), s, broken, "none", runs.Paused, ""); err == nil || !strings.Contains(err.Error(), "which campaigns there are is not known: liveops.yaml") {
		t.Errorf("%v", err)
	}
}

func TestAwaitCanceled(t *testing.T) {
	s := record(t)
	order(t, s, 0)
	order(t, s, 1)
	all, err := control.Wish(t.Context(), s, released(), "crystals", runs.Canceling, "by jun")
	if err != nil {
		t.Fatal(err)
	}
	tired := errors.New("tired")
	seen, err := control.AwaitCanceled(t.Context(), s, all, func(context.Context, time.Duration) error { return tired })
	if !errors.Is(err, tired) || states(seen) != "canceling canceling" {
		t.Errorf("%s, %v", states(seen), err)
	}
	epoch, err := s.Lead(t.Context(), "test", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	waits := 0
	seen, err = control.AwaitCanceled(t.Context(), s, all, func(context.Context, time.Duration) error {
		waits++
		if waits > len(all) {
			return nil
		}
		return s.End(t.Context(), epoch, all[waits-1].ID, runs.Canceled, "", now)
	})
	if err != nil || states(seen) != "canceled canceled" {
		t.Errorf("%s, %v", states(seen), err)
	}
}

func TestList(t *testing.T) {
	s := record(t)
	run := order(t, s, 0)
	r, err := control.Read(t.Context(), released())
	if err != nil {
		t.Fatal(err)
	}
	all, err := control.List(t.Context(), s, r, control.Zones{}, now)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	if c := all[0]; c.Name != "crystals" || !c.Next.Equal(time.Date(2026, 11, 27, 10, 3, 0, 0, time.UTC)) || c.Zone.String() != "Asia/Seoul" || c.Newest == nil || c.Newest.ID != run.ID {
		t.Errorf("%+v", c)
	}
	if c := all[1]; c.Name != "once" || !c.Next.IsZero() || c.Newest != nil {
		t.Errorf("%+v", c)
	}
}

// Where each user's own zone counts, the next time is the first of theirs, and a time is over only where it is in all zones.
func TestListByUsersClocks(t *testing.T) {
	s := record(t)
	const each = "timezone: user\nmessage: {default: {title: A, body: B}}\nrate: 1000/s\n"
	with := strings.ReplaceAll(config, "platform: platform}", "platform: platform, timezone: zone}")
	r, err := control.Read(t.Context(), left{"liveops.yaml": with, "pushes/once.yaml": "at: 2026-11-27T09:00\n" + each, "pushes/weekly.yaml": "schedule: \"0 9 * * FRI\"\n" + each})
	if err != nil {
		t.Fatal(err)
	}
	if !r.EachUser() {
		t.Error("no campaign goes by users' own zones")
	}
	world := control.Zones{Names: []string{"", "America/New_York", "Asia/Seoul", "Pacific/Auckland"}, Known: true} // New York has nine o'clock at 14:00 UTC, Seoul at 00:00
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		name              string
		zones             control.Zones
		now               time.Time
		once, until, cron time.Time
		clocks            control.Clocks
	}{
		{"the first zone comes", world, at(26, 12), at(26, 20), time.Time{}, at(26, 20), control.UserClocks},
		{"the last zone comes", world, at(27, 2), at(27, 14), time.Time{}, at(27, 14), control.UserClocks},
		{"all had it", world, at(27, 14), time.Time{}, time.Time{}, at(33, 20), control.UserClocks},
		{"zones that are not known", control.Zones{}, at(26, 12), at(27, 0), time.Time{}, at(27, 0), control.OtherClocks},
		{"past where they are not known", control.Zones{}, at(27, 2), time.Time{}, at(27, 21), at(34, 0), control.OtherClocks},
		{"past everywhere", control.Zones{}, at(27, 21), time.Time{}, time.Time{}, at(34, 0), control.OtherClocks},
		{"all are in the fallback zone", control.Zones{Known: true}, at(27, 2), time.Time{}, time.Time{}, at(34, 0), control.UserClocks},
	} {
		all, err := control.List(t.Context(), s, r, test.zones, test.now)
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		if once := all[0]; !once.Next.Equal(test.once) || !once.Until.Equal(test.until) || once.Clocks != test.clocks {
			t.Errorf("%s: %+v", test.name, once)
		}
		if weekly := all[1]; !weekly.Next.Equal(test.cron) || !weekly.Until.IsZero() || weekly.Clocks != test.clocks {
			t.Errorf("%s: %+v", test.name, weekly)
		}
	}
}
