package datasheets

// Table is a MySQL table as its server describes it.
type Table struct {
	Name    string
	Engine  string // InnoDB, or what the server says
	Columns []Column
	Key     []int // indexes into Columns of the primary key, in the key's order; empty where there is none

	ForeignKeys []ForeignKey // to tables of the same database, by name
}

// ForeignKey says that the values of some columns, where none is NULL, are those of a parent's row.
type ForeignKey struct {
	Name          string
	Columns       []string
	Parent        string
	ParentColumns []string
}

// Column is one column of a Table: what information_schema says of it, in the terms that converting and
// comparing need.
type Column struct {
	Name          string
	Type          Type
	SQLType       string   // as the server writes it: "int(10) unsigned"
	Bits          int      // Integer: 8, 16, 24, 32 or 64; Bit: its length
	Unsigned      bool     // Integer, Decimal, Float, Double
	Precision     int      // Decimal, and Float or Double with (M,D): all digits; 0 where there is no such limit
	Scale         int      // likewise: digits after the point; Date and time types: digits of a second's fraction; -1 for a Float or Double without (M,D)
	Length        int64    // Char, and Binary: most characters, or bytes; 0 where only MaxBytes limits
	MaxBytes      int64    // String and Binary: most bytes
	FixedLength   bool     // CHAR and BINARY
	Members       []string // Enum and Set, in their order
	Charset       string   // String, Enum, Set
	Collation     string
	Nullable      bool
	Default       *string // the literal default, as the server keeps it; nil where there is none or it is an expression
	DefaultIsExpr bool    // the default is an expression such as CURRENT_TIMESTAMP
	AutoIncrement bool
	OnUpdate      bool // an update of the row sets it, unless it gives a value (ON UPDATE CURRENT_TIMESTAMP)
	Generated     bool
}

// Type is the family of a column's type, which decides how a cell becomes a value and how two values compare.
type Type uint8

// The types. A boolean is MySQL's TINYINT(1), an Integer of 8 bits.
const (
	Unsupported Type = iota // spatial and other types that a cell cannot describe
	Integer
	Decimal
	Float  // single precision
	Double // double precision
	Bit
	Year
	DateType
	DateTime
	Timestamp
	Time
	String // CHAR, VARCHAR and the TEXT types
	Enum
	Set
	JSON
	Binary // BINARY, VARBINARY and the BLOB types

	// What the columns of a sheet hold where workbooks are compared without a database (see AppendSheetCell);
	// no column of a server has these types.
	SheetText
	SheetNumber // numbers only
)

// Column finds a column by its exact name; -1 where there is none.
func (t *Table) Column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// IsKey reports whether column i is part of the primary key.
func (t *Table) IsKey(i int) bool {
	for _, k := range t.Key {
		if k == i {
			return true
		}
	}
	return false
}
