package audience_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/sandbox/mariadb"
)

// typesTable has a column of each kind, and a boss, a guest with the id 0 and somebody between them.
const typesTable = `CREATE TABLE typed (token VARCHAR(20), platform TINYINT NOT NULL, user_id BIGINT, level INT, price DECIMAL(10,2), ratio DOUBLE, vip BOOL,
	rank_ ENUM('1', '0', 'qa'), perks SET('a', '10'), born DATE, seen DATETIME(3), at_ TIMESTAMP NULL, wakes TIME, year_ YEAR, name VARCHAR(20), epoch BIGINT, number_ INT)`

const typesRows = `INSERT INTO typed VALUES
	('boss',  1, 7,                    42, 9.99, 1.5, 1, '0',  'a,10', '1990-01-31', '2026-11-20 10:00:00', '2026-11-20 10:00:00', '09:30:00', 1990, '0',     1795000000, 1),
	('guest', 0, 0,                    0,  0,    0,   0, '1',  '',     '2000-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00', '00:00:00', 2000, 'high',  0,          2),
	('big',   0, 9223372036854775807, 1,   1.5,  0.1, 1, 'qa', '10',   NULL,         NULL,                  NULL,                  NULL,       NULL, NULL,    NULL,       3)`

var typedTable = audience.Table{Name: "typed", Token: "token", Platform: "platform", User: "user_id",
	Values: map[campaign.Platform][]string{campaign.Android: {"0"}, campaign.IOS: {"1"}}}

func typesStore(t *testing.T) *audience.Store {
	t.Helper()
	s := open(t, mariadb.NewDatabase(t))
	for _, statement := range []string{typesTable, typesRows} {
		if _, err := s.DB.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// found are the tokens of a query, or why it was not asked.
func found(t *testing.T, s *audience.Store, q audience.Query) (string, error) {
	t.Helper()
	var all []string
	for page, err := range s.Pages(t.Context(), q, audience.Cursor{}) {
		if err != nil {
			return "", err
		}
		for _, token := range page.Tokens {
			all = append(all, token.Token)
		}
	}
	return strings.Join(all, " "), nil
}

// What is no number is never compared with one: it is refused before the server is asked; and what is one is compared as that.
func TestValuesHaveTheirColumnsType(t *testing.T) {
	s := typesStore(t)
	const refused = "refused"
	for _, tt := range []struct {
		where audience.Condition
		want  string
	}{
		{audience.Condition{Column: "level", Min: text("high")}, refused},
		{audience.Condition{Column: "level", Min: text("1,500")}, refused},
		{audience.Condition{Column: "level", Max: text("0x2A")}, refused},
		{audience.Condition{Column: "level", In: []string{"42", ""}}, refused},
		{audience.Condition{Column: "level", NotIn: []string{"42x"}}, refused},
		{audience.Condition{Column: "LEVEL", Before: text(" 42")}, refused},
		{audience.Condition{Column: "level", Min: text("0.5"), Max: text("41")}, "big"},
		{audience.Condition{Column: "level", NotIn: []string{"42"}}, "big guest"},
		{audience.Condition{Column: "user_id", In: []string{"9223372036854775807"}}, "big"},
		{audience.Condition{Column: "user_id", In: []string{"9223372036854775806"}}, ""}, // as doubles they are the same
		{audience.Condition{Column: "user_id", Min: text("18446744073709551615")}, ""},
		{audience.Condition{Column: "price", In: []string{"9.99", "1.50"}}, "big boss"},
		{audience.Condition{Column: "price", Min: text("9.99.1")}, refused},
		{audience.Condition{Column: "ratio", In: []string{"1.5e0", "0.1"}}, "big boss"},
		{audience.Condition{Column: "ratio", Min: text("nan")}, refused},
		{audience.Condition{Column: "vip", In: []string{"yes"}}, refused},
		{audience.Condition{Column: "vip", In: []string{"1"}}, "big boss"},
		{audience.Condition{Column: "rank_", In: []string{"0"}}, "boss"},
		{audience.Condition{Column: "rank_", In: []string{"3"}}, ""}, // the third member is qa
		{audience.Condition{Column: "rank_", In: []string{"QA", "1"}}, "big guest"},
		{audience.Condition{Column: "rank_", NotIn: []string{"2", "qa"}}, "guest boss"},
		{audience.Condition{Column: "perks", In: []string{"10", "3"}}, "big"}, // 3 is the number of a and 10
		{audience.Condition{Column: "born", Min: text("1999-12-31")}, "guest"},
		{audience.Condition{Column: "born", Max: text("today")}, refused},
		{audience.Condition{Column: "seen", In: []string{"2026-01-01"}}, "guest"},
		{audience.Condition{Column: "seen", Min: text("20261120")}, refused},
		{audience.Condition{Column: "at_", Before: text(audience.Moment(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))), Times: true}, "big guest"},
		{audience.Condition{Column: "epoch", Min: text(audience.Moment(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))), Times: true}, refused}, // it would be 2026
		{audience.Condition{Column: "wakes", In: []string{"09:30"}}, "boss"},
		{audience.Condition{Column: "wakes", Min: text("noon")}, refused},
		{audience.Condition{Column: "year_", In: []string{"1990"}}, "boss"},
		{audience.Condition{Column: "year_", Max: text("MMXX")}, refused},
		{audience.Condition{Column: "name", In: []string{"0"}}, "boss"}, // and not each text
		{audience.Condition{Column: "name", Min: text("0"), Max: text("9")}, "boss"},
	} {
		got, err := found(t, s, audience.Query{Table: typedTable, Where: []audience.Condition{tt.where}})
		counts, counting := s.Count(t.Context(), audience.Query{Table: typedTable, Where: []audience.Condition{tt.where}})
		n := 0
		for _, c := range counts {
			n += c
		}
		if unfit := (*campaign.ValueError)(nil); tt.want == refused {
			if !errors.As(err, &unfit) || !errors.As(counting, &unfit) {
				t.Errorf("%+v: %q, %v, %v", tt.where, got, err, counting)
			}
		} else if err != nil || counting != nil || got != tt.want || n != len(strings.Fields(tt.want)) {
			t.Errorf("%+v: %q and %d, %v, %v; want %q", tt.where, got, n, err, counting, tt.want)
		}
	}
}

// A user of a list is never everybody whose id is 0, and a platform's name never that of which the column has 0.
func TestPeopleAndPlatformsHaveTheirColumnsType(t *testing.T) {
	s := typesStore(t)
	boss := &audience.People{Users: []string{"boss"}}
	sql := "SELECT token, platform FROM typed"
	noNames, numbered := typedTable, typedTable
	noNames.Values, numbered.Token = nil, "number_"
	unfit := (*campaign.ValueError)(nil)
	for name, q := range map[string]audience.Query{
		"a user": {Table: typedTable, Only: boss}, "a user, of a SELECT": {Table: typedTable, SQL: sql, Only: boss},
		"platforms": {Table: noNames}, "platforms of a SELECT": {Table: noNames, SQL: sql}, "tokens that are numbers": {Table: numbered},
		"a token of a platform": {Table: noNames, Platforms: []campaign.Platform{campaign.IOS}, Only: &audience.People{Tokens: []campaign.Token{{Platform: campaign.IOS, Token: "boss"}}}},
	} {
		if got, err := found(t, s, q); !errors.As(err, &unfit) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := found(t, s, audience.Query{Table: typedTable, SQL: sql, Only: &audience.People{Users: []string{"7"}}}); got != "boss" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// Dead tokens are taken out by the values that their columns have, and never where nothing tells that they were not renewed.
func TestRemoveByTypes(t *testing.T) {
	s := typesStore(t)
	dead := []audience.Dead{{Platform: campaign.Android, Token: "guest", Since: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}}
	unfit := (*campaign.ValueError)(nil)
	for _, column := range []string{"name", "epoch", "born"} {
		of := typedTable
		of.UpdatedAt = column
		if n, err := s.Remove(t.Context(), of, dead); !errors.As(err, &unfit) || n != 0 {
			t.Errorf("%s: %d, %v", column, n, err)
		}
	}
	noNames := typedTable
	noNames.UpdatedAt, noNames.Values = "seen", nil
	if n, err := s.Remove(t.Context(), noNames, dead); !errors.As(err, &unfit) || n != 0 {
		t.Errorf("a platform's name: %d, %v", n, err)
	}
	of := typedTable
	of.UpdatedAt = "at_"
	if n, err := s.Remove(t.Context(), of, append(dead, audience.Dead{Platform: campaign.IOS, Token: "boss", Since: dead[0].Since})); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// A plan knows types to the member.
func TestColumnsHaveTypes(t *testing.T) {
	s := typesStore(t)
	columns, err := s.Columns(t.Context(), audience.Query{Table: typedTable})
	if err != nil || len(columns) != 17 || !strings.HasPrefix(columns[3].SQLType, "int") || columns[4].Precision != 10 || columns[4].Scale != 2 || !slices.Equal(columns[7].Members, []string{"1", "0", "qa"}) {
		t.Errorf("%+v, %v", columns, err)
	}
	columns, err = s.Columns(t.Context(), audience.Query{Table: typedTable, SQL: "SELECT level, CONCAT(token, 'x') AS token FROM typed"})
	if err != nil || len(columns) != 2 || columns[0].Bits != 32 || columns[1].SQLType != "varchar" {
		t.Errorf("%+v, %v", columns, err)
	}
}
