// Package mysql is an embedded server that speaks MySQL's protocol, for the demo and for tests: the engine
// go-mysql-server with its databases in memory, made fit for several connections.
//
// It has transactions with snapshots, one lock for all writing (see gate), and what information_schema tells
// of tables. The engine takes time in the size of a table for each of its statements: good for some thousand
// rows a table. Push tokens, of which there are more, have a table of their own kind: Server.AddTokens. What is proved here on MySQL's behaviour, concurrency above all, is proved on MariaDB as well.
//
// # What it lacks
//
// Each line is held by a test, which fails where a newer version does better.
//
//   - Rows are not locked one by one: a writing or locking transaction keeps all others from writing. A
//     transaction that has read before its first write fails at that (1213) if others have committed between.
//     A statement that waits in GET_LOCK or SLEEP holds up every other one.
//   - A SELECT takes as long as it takes: max_execution_time is taken and not obeyed.
//   - No savepoints, CHECKSUM TABLE, FOR SHARE, UUID type, or TIME with digits other than six; every TIME is
//     TIME(6).
//   - Primary and unique keys of text compare by bytes, also where the collation finds two texts equal. CHAR
//     keeps blanks at its end. An ENUM's text must be written exactly as its member is.
//   - A SET's text is never found by = or <=> with its text.
//   - JSON's numbers become 64-bit floats: large integers lose digits, 1.0 becomes 1.
//   - DECIMAL loses UNSIGNED, FLOAT and DOUBLE their (M,D); every table is InnoDB, whatever it asks for.
//   - information_schema says nothing of a generated column being one, nor of ON UPDATE CURRENT_TIMESTAMP, and
//     does not double the quotes in an ENUM's members. Some of the columns of a table that has a VIRTUAL one
//     cannot be selected without the others.
//   - Zero dates are taken, whatever sql_mode says; a time out of range is clamped; an empty text in a number
//     column is 0. Other values that strict mode refuses are refused, and so is what a CHECK refuses,
//     but with the error number 1105.
//   - Weights of WEIGHT_STRING (which this package adds) compare as MySQL's do, but are other bytes.
package mysql
