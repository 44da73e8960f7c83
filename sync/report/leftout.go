package report

// leftOut is how much of a report a comment has no room for.
type leftOut struct{ rows, allRows, problems, allProblems, previews int }

// omitted counts what is left out at a detail.
func omitted(vs []tableView, problems int, d detail) leftOut {
	o := leftOut{problems: max(problems-d.problems, 0), allProblems: problems}
	for i := range vs {
		own, pending := len(vs[i].own), len(vs[i].pending)
		o.allRows += own + pending
		if i >= d.tables || d.rows == 0 {
			o.rows += own + pending
			continue
		}
		o.rows += max(own-d.rows, 0)
		if pending > 0 {
			o.rows += max(pending-max(d.rows-own, 1), 0)
		}
	}
	return o
}

func (o leftOut) any() bool { return o.rows > 0 || o.problems > 0 || o.previews > 0 }

// line says how much is left out and where the whole is: behind a link or, where there is none, what hint says. It
// is "" where nothing is left out.
func (o leftOut) line(link, hint string) string {
	if !o.any() {
		return ""
	}
	all := several(o.allRows, "row")
	var left []string
	if o.rows > 0 {
		left = append(left, grouped(o.rows)+" of "+all)
	}
	if o.problems > 0 {
		left = append(left, grouped(o.problems)+" of "+several(o.allProblems, "problem"))
		all = several(o.allProblems, "problem")
		if o.rows > 0 {
			all = several(o.allRows, "row") + " and " + all
		}
	}
	if o.previews > 0 {
		left = append(left, several(o.previews, "preview"))
		switch {
		case o.rows+o.problems > 0:
			all += " and previews"
		default:
			all = "previews"
		}
	}
	told := list(left) + " are not shown here."
	switch {
	case link != "": // of our own making, and without what ends a link (https://github.github.com/gfm/#links)
		return "**[All " + all + "](<" + link + ">)** in a page that can be filtered; " + told + "\n\n"
	case hint != "":
		return told + " " + hint + "\n\n"
	}
	return told + "\n\n"
}
