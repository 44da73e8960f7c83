package bot_test

import (
	"bytes"
	"strings"

	"liveops/datasheets/xlsx"
)

// items makes a workbook of rows such as "1 Sword B 100, 2 Bow A 250".
func items(rows string) []byte {
	s := xlsx.Sheet{Name: "items", Header: []string{"id", "name", "grade", "price"}}
	for row := range strings.SplitSeq(rows, ", ") {
		f := strings.Fields(row)
		s.Rows = append(s.Rows, []any{xlsx.Number(f[0]), f[1], f[2], xlsx.Number(f[3])})
	}
	return workbook(s)
}

func levels(exp ...int) []byte {
	s := xlsx.Sheet{Name: "levels", Header: []string{"level", "exp"}}
	for i, n := range exp {
		s.Rows = append(s.Rows, []any{i + 1, n})
	}
	return workbook(s)
}

func workbook(sheets ...xlsx.Sheet) []byte {
	var b bytes.Buffer
	if err := xlsx.Write(&b, sheets); err != nil {
		panic(err)
	}
	return b.Bytes()
}

type files = map[string][]byte
