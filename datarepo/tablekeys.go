package datarepo

// Bounds on `tables`, far over what a game has.
const (
	maxTables     = 2000
	maxSheets     = 500 // of one table
	maxColumns    = 1000
	maxConditions = 16
	maxValues     = 1000 // of one list
	maxSkipped    = 1000 // rows above, or just below, a header
)

func dictionary(about string, most int, item shape) shape {
	return shape{kind: aDictionary, about: about, most: most, item: &item}
}

func listOf(about string, item shape) shape {
	return shape{kind: aList, about: about, most: maxValues, item: &item}
}

// tablesShape is the format of `tables`.
func tablesShape() shape {
	return dictionary("The tables that are not simply described by one sheet with their name, whose first row names their columns. "+
		"By table.", maxTables, shape{
		kind: aMapping,
		about: "How sheets describe this table. In every sheet, also of tables that are not listed here: a row whose cell in column A begins with # is a comment, " +
			"and so is a column whose header does; but a column `#env` lists the environments that its rows belong to (`staging`, or `!production` for all others; empty for all), " +
			"and a header such as `price@staging` is that of a column for these environments only.",
		keys: []key{
			{name: "sheets", shape: sheetsShape()},
			{name: "workbooks", shape: listOf("The workbooks that the table's sheets are spread over, by paths in which * stands for any part of a name. "+
				"Each sheet may then stand in several of them. Without it, each stands in just one workbook, whichever it is.", shape{
				kind: aText, about: "A path from the data repo's root.", examples: []string{"datasheets/items/*.xlsx"},
			})},
			{name: "header", shape: shape{kind: aNumber, about: "The row that names the columns, counted from 1; nothing above it is read. 1 by default.", least: 1, greatest: maxSkipped}},
			{name: "skip", shape: shape{kind: aNumber, about: "How many rows right below the header are not read, such as rows of types and descriptions. 0 by default.", least: 0, greatest: maxSkipped}},
			{name: "vertical", shape: shape{kind: aFlag, about: "The sheet is one row, turned: the columns' names stand in column A, from row `header` on, and their values in column B. What stands further right is not read."}},
			{name: "columns", shape: dictionary("What fills columns of the table, where it is not simply a column of the sheet with their name, and what must hold of their values. By column of the table.", maxColumns, columnShape())},
			{name: "unique", shape: listOf("Columns of the table that no two rows have the same in, together. A NULL is never the same.", listOf("Columns of the table.", shape{kind: aText, about: "A column."}))},
			{name: "ignore", shape: listOf("Headers of columns of the sheets that are not read.", shape{kind: aText, about: "A header as the sheet has it."})},
		},
	})
}

func sheetsShape() shape {
	values := func(about string) shape {
		return listOf(about, shape{kind: aValue, about: "A value, as a cell would say it; null is NULL."})
	}
	filter := dictionary("The rows that the sheet owns, by conditions on columns of the table, all of which they meet; {} for all rows. "+
		"Rows that no sheet owns are left alone. A sheet whose filter leaves a column one value does not need the column.", maxConditions, shape{
		kind:  aMapping,
		about: "A condition on this column: `in` or `notIn`.",
		keys: []key{
			{name: "in", shape: values("The column has one of these values.")},
			{name: "notIn", shape: values("The column has none of these values. NULL is another value, unless the list has null.")},
		},
	})
	filter.mayBeEmpty = true
	return dictionary("The sheets that describe the table. By default one, with the table's name, that owns all rows.", maxSheets, filter)
}

func columnShape() shape {
	value := func(about string) shape { return shape{kind: aValue, about: about} }
	return shape{
		kind:  aMapping,
		about: "What fills this column of the table, and what its values must be. Values are converted as cells are.",
		keys: []key{
			{name: "from", shape: shape{kind: aText, about: "The header of the sheet's column.", examples: []string{"name[ko]"}}},
			{name: "aliases", shape: dictionary("What cells may say in place of a value, by the cell's text; of a list, what its elements may say.", maxValues, value("The value that the text stands for."))},
			{name: "constant", shape: value("The value in every row. The sheet does not have the column then.")},
			{name: "default", shape: value("The value of an empty cell.")},
			{name: "list", shape: shape{kind: aText, about: "What separates the elements of a list in one cell. In a JSON column they become an array, of numbers and texts; in a SET column, members.", examples: []string{";"}}},
			{name: "required", shape: shape{kind: aFlag, about: "No row has NULL or an empty text."}},
			{name: "unique", shape: shape{kind: aFlag, about: "No two rows have the same value. A NULL is never the same."}},
			{name: "min", shape: value("The least value, of a number, date or time.")},
			{name: "max", shape: value("The greatest value, of a number, date or time.")},
			{name: "pattern", shape: shape{kind: aText, about: "A regular expression (RE2) that the whole text matches.", examples: []string{"[A-Z]{2}-[0-9]+"}}},
			{name: "references", shape: shape{kind: aText, about: "A column that has each value, as `table.column`, or a table whose primary key has. Of a list, each element. NULL refers to nothing.", examples: []string{"item.id"}}},
		},
	}
}
