package datarepo

import (
	"slices"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

func readAudience(v value, r *report) campaign.Audience {
	texts := func(name string) (all []string) {
		for _, item := range v.fields[name].items {
			if slices.Contains(all, item.text) {
				r.add(item.at, "keep one of the two", "%s stands here a second time", quoted(item.text))
			}
			all = append(all, item.text)
		}
		return all
	}
	a := campaign.Audience{Countries: texts("country"), Languages: texts("language"), Segments: texts("segment"), SQL: v.fields["sql"].text, SQLPP: v.fields["sqlpp"].text}
	for _, p := range texts("platform") {
		a.Platforms = append(a.Platforms, campaign.Platform(p))
	}
	if last, ok := v.fields["lastLogin"]; ok {
		before := len(r.problems)
		readSpan(last.fields, "within", &a.Within, r)
		readSpan(last.fields, "notWithin", &a.NotWithin, r)
		if a.Within == 0 && a.NotWithin == 0 && !last.spoilt && len(r.problems) == before {
			r.add(last.at, "add `within` or `notWithin`, above 0s", "the condition is none")
		}
	}
	for _, e := range v.fields["columns"].entries {
		a.Columns = append(a.Columns, readCondition(e, r))
	}
	return a
}

func readCondition(e named, r *report) campaign.Condition {
	c := campaign.Condition{Column: e.name}
	if !isName(e.name, identifierPattern) {
		r.add(e.at, "use letters, digits, `_` and `$`", "%s is not a column's name", quoted(e.name))
	}
	for _, item := range e.fields["in"].items {
		c.In = append(c.In, item.cell)
	}
	for _, item := range e.fields["notIn"].items {
		c.NotIn = append(c.NotIn, item.cell)
	}
	for key, bound := range map[string]**datasheets.Cell{"min": &c.Min, "max": &c.Max} {
		v, ok := e.fields[key]
		if !ok {
			continue
		}
		if v.cell.Kind != datasheets.Number && v.cell.Kind != datasheets.Text {
			r.add(v.at, "", "`%s` is a number or a text", key)
		}
		*bound = &v.cell
	}
	if len(e.fields) == 0 && !e.spoilt {
		r.add(e.at, "add `in`, `notIn`, `min` or `max`", "the condition is none")
	}
	return c
}
