package datasheets

import "strings"

// ColumnInfo is a row of information_schema.COLUMNS, each field named after its column there, and what else
// ParseColumn must know of the server.
type ColumnInfo struct {
	Name                   string // COLUMN_NAME
	ColumnType             string // COLUMN_TYPE, as in int(10) unsigned
	DataType               string // DATA_TYPE, as in int
	CharacterMaximumLength *int64
	CharacterOctetLength   *int64
	NumericPrecision       *int64
	NumericScale           *int64
	DatetimePrecision      *int64
	CharacterSet           *string // CHARACTER_SET_NAME
	Collation              *string // COLLATION_NAME
	IsNullable             string  // YES or NO
	Default                *string // COLUMN_DEFAULT
	Extra                  string
	JSONCheck              bool // the column has the check json_valid(column), MariaDB's mark of a JSON column
	MariaDB                bool // the server is MariaDB, which keeps literal defaults in quotes
}

// columnType is the family of a type by DATA_TYPE, and the bits of an Integer. What is not named is Unsupported.
func columnType(dataType string) (t Type, bits int) {
	switch strings.ToLower(dataType) {
	case "tinyint":
		return Integer, 8
	case "smallint":
		return Integer, 16
	case "mediumint":
		return Integer, 24
	case "int", "integer":
		return Integer, 32
	case "bigint":
		return Integer, 64
	case "decimal", "numeric":
		return Decimal, 0
	case "float":
		return Float, 0
	case "double", "real":
		return Double, 0
	case "bit":
		return Bit, 1
	case "year":
		return Year, 0
	case "date":
		return DateType, 0
	case "datetime":
		return DateTime, 0
	case "timestamp":
		return Timestamp, 0
	case "time":
		return Time, 0
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return String, 0
	case "enum":
		return Enum, 0
	case "set":
		return Set, 0
	case "json":
		return JSON, 0
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return Binary, 0
	}
	return Unsupported, 0
}

// ParseColumn understands what information_schema says of a column, in the manner of MySQL 8 and of MariaDB.
func ParseColumn(d ColumnInfo) Column {
	c := Column{
		Name:          d.Name,
		SQLType:       d.ColumnType,
		Charset:       valueOr(d.CharacterSet, ""),
		Collation:     valueOr(d.Collation, ""),
		Nullable:      strings.EqualFold(d.IsNullable, "YES"),
		AutoIncrement: containsFold(d.Extra, "auto_increment"),
		OnUpdate:      containsFold(d.Extra, "on update"),
		Generated: containsFold(d.Extra, "virtual generated") || containsFold(d.Extra, "stored generated") ||
			containsFold(d.Extra, "persistent"),
	}
	c.Type, c.Bits = columnType(d.DataType)
	dataType := strings.ToLower(d.DataType)
	switch c.Type {
	case Integer, Decimal, Float, Double:
		c.Unsigned = containsFold(d.ColumnType, "unsigned") || containsFold(d.ColumnType, "zerofill")
		c.parseScale(d)
	case Bit:
		c.Bits = int(valueOr(d.NumericPrecision, 1))
	case DateTime, Timestamp, Time:
		c.Scale = int(valueOr(d.DatetimePrecision, 0))
	case Enum, Set:
		c.Members = parseMembers(d.ColumnType)
	case String, Binary:
		c.MaxBytes = valueOr(d.CharacterOctetLength, 0)
		c.FixedLength = dataType == "char" || dataType == "binary"
		if c.FixedLength || strings.HasPrefix(dataType, "var") {
			c.Length = valueOr(d.CharacterMaximumLength, 0)
		}
		if c.Type == String && d.JSONCheck {
			c.Type, c.Length, c.FixedLength = JSON, 0, false
		}
	}
	c.parseDefault(d)
	return c
}

// parseScale reads the digits of a number type.
func (c *Column) parseScale(d ColumnInfo) {
	switch {
	case c.Type == Decimal:
		c.Precision, c.Scale = int(valueOr(d.NumericPrecision, 10)), int(valueOr(d.NumericScale, 0))
	case c.Type == Integer:
	case d.NumericScale != nil: // FLOAT(M,D)
		c.Precision, c.Scale = int(valueOr(d.NumericPrecision, 0)), int(*d.NumericScale)
	default:
		c.Scale = -1
	}
}

func valueOr[T any](p *T, or T) T {
	if p == nil {
		return or
	}
	return *p
}

func containsFold(s, lower string) bool { return strings.Contains(strings.ToLower(s), lower) }
