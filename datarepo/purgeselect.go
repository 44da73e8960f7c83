package datarepo

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"liveops/datasheets"
	"liveops/sync/purge"
)

// readSelect reads where candidates come from.
func readSelect(v value, r *report) purge.Select {
	var s purge.Select
	if !exactlyOne(v, r, "view", "query", "ids", "workbook") {
		return s
	}
	if view, ok := v.fields["view"]; ok {
		s.View = readView(view, r)
	}
	if query, ok := v.fields["query"]; ok {
		s.Query = query.text
		if !regexp.MustCompile(`(?is)\A\s*(SELECT|WITH|FROM)\b`).MatchString(query.text) {
			r.add(query.at, "begin it with SELECT", "the query is no SELECT")
		}
	}
	for _, id := range v.fields["ids"].items {
		if slices.Contains(s.IDs, id.text) {
			r.add(id.at, "remove it", "the id %s stands here a second time", quoted(id.text))
		}
		s.IDs = append(s.IDs, id.text)
	}
	if book, ok := v.fields["workbook"]; ok {
		f := book.fields
		s.Workbook = &purge.Workbook{Path: f["path"].text, Sheet: f["sheet"].text, Column: f["column"].text, At: datasheets.Position{Path: r.path}}
		if book.at != nil {
			s.Workbook.At.Line, s.Workbook.At.Column = book.at.Line, book.at.Column
		}
	}
	return s
}

// exactlyOne reports a mapping that has none of some keys, or several.
func exactlyOne(v value, r *report, keys ...string) bool {
	var have []string
	for _, k := range keys {
		if _, ok := v.fields[k]; ok {
			have = append(have, k)
		}
	}
	switch {
	case len(have) == 0 && !v.spoilt:
		r.add(v.at, "add one of them", "one of `%s` is expected here", strings.Join(keys, "`, `"))
	case len(have) > 1:
		r.add(v.fields[have[1]].at, "keep one of them", "`%s` and `%s` exclude each other", have[0], have[1])
	}
	return len(have) == 1
}

func readView(v value, r *report) *purge.View {
	f := v.fields
	view := &purge.View{Design: f["design"].text, Name: f["name"].text, Key: f["key"].json}
	for _, k := range f["keys"].items {
		view.Keys = append(view.Keys, k.json)
	}
	if span, ok := f["range"]; ok {
		view.Range = &purge.Range{Start: span.fields["start"].json, End: span.fields["end"].json, Inclusive: true}
		if inclusive, ok := span.fields["inclusiveEnd"]; ok {
			view.Range.Inclusive = inclusive.flag
		}
		if view.Range.Start == nil && view.Range.End == nil && !span.spoilt {
			r.add(span.at, "add `start` or `end`", "the range has neither end")
		}
	}
	var have []string
	for _, k := range []string{"key", "keys", "range"} {
		if _, ok := f[k]; ok {
			have = append(have, k)
		}
	}
	if len(have) > 1 {
		r.add(f[have[1]].at, "keep one of them", "`%s` and `%s` exclude each other", have[0], have[1])
	}
	return view
}

// within is where in the file a byte of a text stands; exact is false where it is only the text's begin, since escapes
// and folded lines hide where the byte came from.
func within(v value, offset int, content []byte) (at *token.Position, exact bool) {
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(string(content), "\r\n", "\n"), "\r", "\n"), "\n")
	before := v.text[:min(offset, len(v.text))]
	if block, is := v.node.(*ast.LiteralNode); is {
		first := block.Start.Position.Line // counted from 1: the index of the line below
		if !strings.HasPrefix(block.Start.Value, "|") || first >= len(lines) {
			return v.at, false
		}
		for _, l := range lines[first:] {
			if strings.TrimSpace(l) != "" {
				indent := len(l) - len(strings.TrimLeft(l, " "))
				last := before[strings.LastIndex(before, "\n")+1:]
				return &token.Position{Line: first + 1 + strings.Count(before, "\n"), Column: indent + 1 + len([]rune(last))}, true
			}
		}
		return v.at, false
	}
	if v.at == nil || v.at.Line < 1 || v.at.Line > len(lines) {
		return v.at, false
	}
	line := []rune(strings.TrimPrefix(lines[v.at.Line-1], "\uFEFF"))
	for _, quote := range []int{0, 1} {
		if start := v.at.Column - 1 + quote; start <= len(line) && strings.HasPrefix(string(line[start:]), v.text) {
			return &token.Position{Line: v.at.Line, Column: start + 1 + len([]rune(before))}, true
		}
	}
	return v.at, false
}
