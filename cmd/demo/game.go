package main

import (
	"bytes"
	"fmt"
	"time"

	"liveops/datasheets/xlsx"
)

// schema is the game's database: what its programmers made, not liveops.
var schema = []string{
	`CREATE TABLE stuff (
		id INT NOT NULL PRIMARY KEY,
		name VARCHAR(60) NOT NULL,
		name_ja VARCHAR(60) NULL,
		name_en VARCHAR(60) NULL,
		stuff_type ENUM('W','T','M','AT') NOT NULL,
		grade ENUM('S','A','B','C') NOT NULL,
		price INT UNSIGNED NOT NULL,
		drop_rate DOUBLE NOT NULL DEFAULT 0,
		tradable TINYINT(1) NOT NULL DEFAULT 1,
		sold_from DATETIME NULL
	) CHARACTER SET utf8mb4`,
	`CREATE TABLE level_guide (
		level SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
		exp BIGINT UNSIGNED NOT NULL,
		title VARCHAR(40) NOT NULL,
		reward JSON NULL
	) CHARACTER SET utf8mb4`,
	`CREATE TABLE gashapon_step1 (
		step TINYINT UNSIGNED NOT NULL,
		stuff_id INT NOT NULL,
		rate DECIMAL(8,5) NOT NULL,
		PRIMARY KEY (step, stuff_id)
	) CHARACTER SET utf8mb4`,
}

// ratesAddUp is a data test: what it finds keeps a release from being committed.
const ratesAddUp = `-- The rates of each gashapon step add up to 100
SELECT step, SUM(rate) AS total FROM gashapon_step1 GROUP BY step HAVING SUM(rate) <> 100;
`

// config is the data repo's liveops.yaml.
const config = `# yaml-language-server: $schema=liveops.schema.json
timezone: Asia/Seoul
environments:
  - name: staging
  - name: production
    after: staging
    freeze:
      - {days: [mon, tue, wed, thu, fri, sat, sun], from: "18:00", to: "23:00", reason: most players are on in the evening}
    push:
      tokens: {table: push_tokens, token: token, platform: platform, language: language, updatedAt: updated_at}
      dead: delete
    capacity: {autoScalingGroup: game-servers, max: 12}
limits: {deletedRows: 2, purgedDocuments: 100} # of one release; past them a second person confirms
permissions: # by comments
  plan: [read]
  apply: [write]
  confirm: [write]
  rollback: [maintain]
  purge: [maintain]
  push: [maintain]
tables:
  stuff:
    sheets: # each owns the rows that its filter matches
      EquipmentItemSeoul: {stuff_type: {notIn: [T, M, AT]}}
      TreasureItemData:   {stuff_type: {in: [T]}}
      Material:           {stuff_type: {in: [M]}}
      Artifact:           {stuff_type: {in: [AT]}}
    columns: # three languages side by side
      name:    {from: "name[ko]"}
      name_ja: {from: "name[ja]"}
      name_en: {from: "name[en]"}
  level_guide:    {sheets: {LevelContents: {}}}
  gashapon_step1: {sheets: {Gashapone_Step1_Rate: {}}}
`

// game is the content of the game's workbooks; the designers' changes are made to a copy.
type game struct {
	items   []item
	levels  []level
	rates   []rate
	mistake bool // a designer's slip: a grade that does not exist
}

type item struct {
	id          int
	ko, ja, en  string
	kind, grade string
	price       int
	drop        float64
	tradable    bool
	from        time.Time
}

type level struct {
	level  int
	exp    uint64
	title  string
	reward string
}

type rate struct {
	step, item int
	rate       xlsx.Number
}

// newGame is the game as it runs today.
func newGame() *game {
	g := &game{items: []item{
		{30001, "나무 검", "木の剣", "Wooden Sword", "W", "C", 100, 0.12, true, time.Time{}},
		{30002, "강철 검", "鋼の剣", "Steel Sword", "W", "B", 900, 0.031, true, time.Time{}},
		{30003, "용사의 검", "勇者の剣", "Hero's Sword", "W", "A", 5400, 0.0042, true, time.Time{}},
		{30004, "요정의 활", "妖精の弓", "Fairy Bow", "W", "A", 5200, 0.0042, true, time.Time{}},
		{30005, "월광 단검", "月光の短剣", "Moonlight Dagger", "W", "S", 12000, 0.000033, false, time.Time{}},
		{30006, "수련자의 지팡이", "見習いの杖", "Novice Staff", "W", "C", 90, 0.12, true, time.Time{}},
		{30007, "마법사의 지팡이", "魔法使いの杖", "Wizard Staff", "W", "B", 110, 0.04, true, time.Time{}},
		{30008, "妖精の粉", "妖精の粉", "Fairy Dust", "M", "B", 110, 0.08, true, time.Time{}},
		{30009, "철광석", "鉄鉱石", "Iron Ore", "M", "C", 15, 0.31, true, time.Time{}},
		{30010, "미스릴 조각", "ミスリルの欠片", "Mithril Shard", "M", "A", 640, 0.009, true, time.Time{}},
		{30011, "용의 꼬리", "竜の尾", "Dragn Tail", "M", "S", 3100, 0.0011, false, time.Time{}},
		{30020, "순한맛 쿠키", "やさしいクッキー", "Mild Cookie", "T", "C", 0, 0, false, time.Time{}},
		{30021, "산타맛 쿠키", "サンタクッキー", "Santa Cookie 🎅", "T", "S", 0, 0, false, time.Date(2025, 12, 18, 11, 0, 0, 0, time.UTC)},
		{30022, "할로윈 호박", "ハロウィンかぼちゃ", "Halloween Pumpkin 🎃", "T", "A", 0, 0, false, time.Date(2026, 10, 22, 11, 0, 0, 0, time.UTC)},
		{30023, "할로윈 사탕", "ハロウィンキャンディ", "Halloween Candy 🍬", "T", "B", 0, 0, false, time.Date(2026, 10, 22, 11, 0, 0, 0, time.UTC)},
		{30024, "마녀 모자", "魔女の帽子", "Witch Hat", "T", "A", 0, 0, false, time.Date(2026, 10, 22, 11, 0, 0, 0, time.UTC)},
		{30031, "고대의 나침반", "古代の羅針盤", "Ancient Compass", "AT", "S", 24000, 0.00001, false, time.Time{}},
		{30032, "별의 눈물", "星の涙", "Tear of a Star", "AT", "S", 26000, 0.00001, false, time.Time{}},
	}}
	titles := []string{"새내기", "모험가", "숙련자", "용사", "영웅"}
	for n := 1; n <= 50; n++ {
		l := level{level: n, exp: uint64(n) * uint64(n) * uint64(n) * 120, title: titles[(n-1)/10]}
		if n%10 == 0 {
			l.reward = fmt.Sprintf(`{"crystal": %d, "items": [30010]}`, n*10)
		}
		g.levels = append(g.levels, l)
	}
	for step := 1; step <= 3; step++ {
		for i, id := range []int{30003, 30004, 30005, 30010, 30031} {
			g.rates = append(g.rates, rate{step, id, xlsx.Number([]string{"42.5", "42.49995", "0.00005", "14.9", "0.1"}[i])})
		}
	}
	return g
}

// winterUpdate is what the designers want next: a season changes, with a slip that a second push mends.
func (g *game) winterUpdate() {
	kept := g.items[:0]
	for _, i := range g.items {
		switch i.id {
		case 30022, 30023, 30024: // the season is over
			continue
		case 30007:
			i.price = 120
		case 30008:
			i.price, i.grade = 120, "A"
		case 30011:
			i.en = "Dragon Tail"
		}
		kept = append(kept, i)
	}
	winter := time.Date(2026, 12, 17, 11, 0, 0, 0, time.UTC)
	g.items = append(kept,
		item{30104, "용사맛 쿠키", "勇者クッキー", "Brave Cookie", "T", "A", 1200, 0, false, winter},
		item{30105, "눈꽃 망토", "雪の結晶のマント", "Snowflake Cape ❄️", "AT", "S", 34000, 0.00002, false, winter})
	g.levels[49].reward = `{"items": [30010, 30105], "crystal": 1000}`
	g.mistake = true
}

// fix is the designer's second push.
func (g *game) fix() { g.mistake = false }

// files are the workbooks, by their paths in the data repo.
func (g *game) files() (map[string][]byte, error) {
	stuff := g.stuffSheets()
	notes := xlsx.Sheet{Name: "#메모", Header: []string{"이 시트는 사람을 위한 메모입니다"}, Rows: [][]any{{"등급은 S, A, B, C만 있습니다"}}}
	levels := xlsx.Sheet{Name: "LevelContents", Header: []string{"level", "exp", "title", "reward"}}
	for _, l := range g.levels {
		levels.Rows = append(levels.Rows, []any{l.level, l.exp, l.title, l.reward})
	}
	rates := xlsx.Sheet{Name: "Gashapone_Step1_Rate", Header: []string{"step", "stuff_id", "rate"}}
	for _, r := range g.rates {
		rates.Rows = append(rates.Rows, []any{r.step, r.item, r.rate})
	}
	files := map[string][]byte{}
	for path, sheets := range map[string][]xlsx.Sheet{
		"datasheets/items.xlsx":    append(stuff, notes),
		"datasheets/levels.xlsx":   {levels},
		"datasheets/gashapon.xlsx": {rates},
	} {
		var b bytes.Buffer
		if err := xlsx.Write(&b, sheets); err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		files[path] = b.Bytes()
	}
	return files, nil
}

// stuffSheets are the sheets of table stuff: one for each kind of thing, as the designers keep them.
func (g *game) stuffSheets() []xlsx.Sheet {
	var sheets []xlsx.Sheet
	for _, of := range []struct{ sheet, kind string }{{"EquipmentItemSeoul", "W"}, {"TreasureItemData", "T"}, {"Material", "M"}, {"Artifact", "AT"}} {
		s := xlsx.Sheet{Name: of.sheet, Header: []string{"id", "name[ko]", "name[ja]", "name[en]", "stuff_type", "grade", "price", "drop_rate", "tradable", "sold_from", "#memo"}}
		for _, i := range g.items {
			if i.kind != of.kind {
				continue
			}
			grade := i.grade
			if g.mistake && i.id == 30105 {
				grade = "SS"
			}
			var from any
			if !i.from.IsZero() {
				from = i.from
			}
			s.Rows = append(s.Rows, []any{i.id, i.ko, i.ja, i.en, i.kind, grade, i.price, i.drop, i.tradable, from})
		}
		sheets = append(sheets, s)
	}
	return sheets
}
