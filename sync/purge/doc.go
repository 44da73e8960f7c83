// Package purge knows what a purge is: a reviewed change of user documents, each at most once. It says which documents
// match, what each becomes, and what a person is shown of that. It does no I/O: documents come in as bytes and go out
// as bytes.
package purge
