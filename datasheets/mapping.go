package datasheets

import "slices"

// Mapping is how sheets stand to one table, as liveops.yaml says it. It knows nothing of the table's columns yet:
// Bind holds it to them. Positions are those of the file.
type Mapping struct {
	At        Position
	Table     string
	Layout    Layout
	Sheets    []SheetMapping // at least one, each name once
	Workbooks []Pattern      // the workbooks that the sheets are spread over; none where each stands in just one, whichever it is
	Columns   []ColumnMapping
	Ignore    []string // headers of sheet columns that are not read
	Unique    []UniqueMapping
	Default   bool // nobody wrote it: the sheet is called like the table
}

// SheetMapping is a sheet, by its name, with the rows that are its own: those that meet every condition.
type SheetMapping struct {
	At         Position
	Name       string
	Conditions []Condition // none: all rows
}

// Condition holds for the rows whose column has one of the values or, with NotIn, any other; NULL is a value
// like the others.
type Condition struct {
	At     Position
	Column string
	NotIn  bool
	Values []Literal
}

// Pattern is a path with wildcards, as path.Match takes it, or of a column's values a regular expression.
type Pattern struct {
	At   Position
	Text string
}

// ColumnMapping is what fills a column of the table.
type ColumnMapping struct {
	At       Position
	Column   string
	From     string   // the sheet's name for it; "" where that is the column's own
	Aliases  []Alias  // what cells may say in place of a value; of an element, where List is set
	Constant *Literal // the value in every row; the sheet then lacks the column, and nothing else is set
	Default  *Literal // the value of empty cells
	List     string   // what stands between the elements of a cell; "" where it is no list
	Checks   ColumnChecks
}

// ColumnChecks is what the values of a column must be.
type ColumnChecks struct {
	Required   bool     // neither NULL nor an empty text
	Unique     bool     // no two rows have the same; NULL is never the same
	Min, Max   *Literal // both inclusive; nil for no bound
	Pattern    *Pattern // a regular expression (RE2) that the whole text matches; nil for none
	References *Reference
}

// Any says whether there is anything to check.
func (c *ColumnChecks) Any() bool { return *c != ColumnChecks{} }

// Reference is a column of another table, or of the same one, that must have each value; NULL refers to nothing.
type Reference struct {
	At     Position
	Table  string
	Column string // "" for the table's primary key, which then is one column
}

// UniqueMapping is columns that no two rows have the same in, together.
type UniqueMapping struct {
	At      Position
	Columns []string
}

// Header is what the sheets call the column.
func (c *ColumnMapping) Header() string {
	if c.From != "" {
		return c.From
	}
	return c.Column
}

// Alias is a cell's text, without the blanks around it, and the value that it stands for.
type Alias struct {
	Text  string
	Value Literal
}

// Literal is a value written in liveops.yaml, as the cell that would say the same: Text, Number or Bool. An Empty
// one is NULL.
type Literal struct {
	At   Position
	Cell Cell
}

// DefaultMapping is the mapping of a sheet that liveops.yaml does not name: its table has its name, and each of
// its columns too, in the first row.
func DefaultMapping(sheet *Sheet) *Mapping {
	at := Position{Path: sheet.Path, Sheet: sheet.Name}
	return &Mapping{At: at, Table: sheet.Name, Sheets: []SheetMapping{{At: at, Name: sheet.Name}}, Default: true}
}

// Sheet finds a sheet by its name; -1 where it is none of the table's.
func (m *Mapping) Sheet(name string) int {
	for i := range m.Sheets {
		if m.Sheets[i].Name == name {
			return i
		}
	}
	return -1
}

// Passed are the sheet's columns that are not read, by the row of the columns' names: comments, and those that
// liveops.yaml says to ignore.
func (m *Mapping) Passed(names Row) map[int]bool {
	passed := map[int]bool{}
	for _, cell := range names.Cells {
		if IsComment(cell) || slices.Contains(m.Ignore, string(cell.Text)) {
			passed[cell.Column] = true
		}
	}
	return passed
}
