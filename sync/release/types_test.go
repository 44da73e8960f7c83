package release_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"liveops/datasheets/xlsx"
	"liveops/sync/release"
)

// everyType is a table with a column of every type that game tables use.
const everyType = `CREATE TABLE every_type (
	region VARCHAR(8) NOT NULL, id BIGINT UNSIGNED NOT NULL,
	t TINYINT NOT NULL, tu TINYINT UNSIGNED NULL, s SMALLINT NULL, m MEDIUMINT UNSIGNED NULL, i INT NULL, b BIGINT NULL, flag BOOLEAN NOT NULL,
	dec0 DECIMAL(20,0) NULL, dec5 DECIMAL(12,5) NULL, f FLOAT NULL, d DOUBLE NULL, bits BIT(10) NULL, y YEAR NULL,
	c CHAR(6) NULL, v VARCHAR(60) NULL, tx TEXT NULL, mt MEDIUMTEXT NULL,
	da DATE NULL, dt DATETIME NULL, dt3 DATETIME(3) NULL, ts TIMESTAMP NULL, ti TIME NULL,
	e ENUM('전설','희귀','common') NULL, st SET('a','b','c') NULL, j JSON NULL,
	bin BINARY(4) NULL, vb VARBINARY(16) NULL, bl BLOB NULL,
	twice INT AS (t * 2) STORED, made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, n INT NOT NULL AUTO_INCREMENT UNIQUE,
	PRIMARY KEY (region, id)) CHARACTER SET utf8mb4`

func everyRow(i int) []any {
	at := time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC).Add(time.Duration(i) * time.Hour)
	maybe := func(v any) any {
		if i%5 == 4 {
			return nil
		}
		return v
	}
	return []any{
		[]string{"kr", "jp", "th"}[i%3], xlsx.Number(fmt.Sprint(uint64(math.MaxUint64) - uint64(i))),
		i%256 - 128, maybe(i % 256), maybe(i%65536 - 32768), maybe(i), maybe(-i * 21), maybe(xlsx.Number(fmt.Sprint(int64(math.MinInt64) + int64(i)))), i%2 == 0,
		maybe(xlsx.Number(fmt.Sprintf("9999999999%010d", i))), maybe(float64(i) / 32), maybe(float32(i) / 3), maybe(math.Sqrt(float64(i)) / 1e6), maybe(i % 1024), maybe(1970 + i%100),
		maybe("ABCDEF"[:i%7]), maybe(fmt.Sprintf("용사의 검 %d 勇者の剣 ดาบ 🗡️", i)), maybe(strings.Repeat("x\n\"'\\", i%4)), maybe("line\ttab"),
		maybe(time.Date(2024, 1, 1+i%365, 0, 0, 0, 0, time.UTC)), maybe(at), maybe(at.Add(125 * time.Millisecond)), maybe(at), maybe(time.Duration(i%3000000) * time.Second / 7 * 7),
		maybe([]string{"전설", "희귀", "common"}[i%3]), maybe([]string{"a", "a,c", "c,b", `""`}[i%4]), maybe(fmt.Sprintf(`{"b": [%d, 1.50, null], "a": {"z": "검", "y": true}}`, i)),
		maybe(fmt.Sprintf("0x%04X", i%65536)), maybe("0xDEADBEEF"), maybe("0x"),
		nil, i + 1,
	}
}

var everyHeader = strings.Split("region id t tu s m i b flag dec0 dec5 f d bits y c v tx mt da dt dt3 ts ti e st j bin vb bl made n", " ")

// A workbook with every type is applied, and planned again: 100,000 equal rows are no change. With the race detector there are
// fewer of them; `make test` carries it out without, too.
func TestEveryTypeComesBackEqual(t *testing.T) {
	rows := 100_000
	switch {
	case testing.Short():
		rows = 2_000
	case raced:
		rows = 10_000
	}
	w := newWorld(t, everyType)
	s := xlsx.Sheet{Name: "every_type", Header: everyHeader}
	for i := range rows {
		s.Rows = append(s.Rows, everyRow(i))
	}
	d := w.commit("c1", map[string][]byte{"datasheets/every.xlsx": book(t, s)})
	progress, err := w.pipeline.Run(t.Context(), release.Request{Desired: d, Commit: release.Commit{ID: "c1"}, History: w, Only: "staging"})
	if err != nil || states(progress) != "staging applied" || progress.Steps[0].Count.Inserted != rows {
		t.Fatalf("%+v, %v", progress, err)
	}
	p := w.plan("staging", d)
	if n := p.Count().Total(); n != 0 || len(p.Problems) > 0 {
		t.Fatalf("%d changes of equal rows: %v", n, p.Tables[0].Changes[:min(n, 1)])
	}
	const one = "-127|255|-32767|1|-21|-9223372036854775807|0|99999999990000000001|0.03125|0.333333|0000000001|1971|A|2024-01-02|" +
		"2024-03-01 00:59:59.125|2024-02-29 15:59:59|00:00:01|희귀|a,c|00010000|DEADBEEF||-254"
	got := w.text("staging", `SELECT CONCAT_WS('|', t, 256 - tu, s, m, i, b, flag, dec0, dec5, f, LPAD(bits + 0, 10, 0), y, c, da,
		dt3, ts, ti, e, st, HEX(bin), HEX(vb), HEX(bl), twice) FROM every_type WHERE region = 'jp' AND id = 18446744073709551614`)
	if got != one {
		t.Errorf("the second row reads\n%s\nwant\n%s", got, one)
	}
}
