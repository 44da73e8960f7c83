package command

import "strings"

// Permission is a key of `permissions` in liveops.yaml: who may run the commands that need it.
type Permission string

// The keys of `permissions`.
const (
	MayPlan     Permission = "plan"
	MayApply    Permission = "apply"
	MayExport   Permission = "export"
	MayRollback Permission = "rollback"
	MayPromote  Permission = "promote"
	MayLock     Permission = "lock"
	MayConfirm  Permission = "confirm"
	MayPurge    Permission = "purge"
	MayPush     Permission = "push"
)

// Permissions are all keys of `permissions`, in the order in which they are documented.
func Permissions() []Permission {
	return []Permission{MayPlan, MayApply, MayExport, MayRollback, MayPromote, MayLock, MayConfirm, MayPurge, MayPush}
}

// Place says where a comment stands, and where a command may.
type Place int

// The places. A command that may stand in both has their sum.
const (
	PullRequest Place = 1 << iota
	Issue
	Anywhere = PullRequest | Issue
)

// String names the places in a sentence.
func (p Place) String() string {
	switch p {
	case PullRequest:
		return "pull requests"
	case Issue:
		return "issues"
	}
	return "pull requests and issues"
}

// Kind is what an argument is.
type Kind int

// The kinds of arguments.
const (
	Environment  Kind = iota // one of liveops.yaml's
	Source                   // an environment that something is taken from
	Release                  // a release's number
	PurgeName                // the name of a purge; whether there is such a one is not looked at here
	CampaignName             // the name of a push campaign; whether there is such a one is not looked at here
	ListName                 // the name of a test list; whether there is such a one is not looked at here
	DocumentID               // the id of a user document; whether there is such a one is not looked at here
	TableName                // a table of the database; whether there is such a one is not looked at here
	Text                     // all words that are left, whatever they are
	Topic                    // the name of a command
)

// String says what an argument is, in a sentence.
func (k Kind) String() string {
	switch k {
	case Environment, Source:
		return "an environment"
	case Release:
		return "a release's number"
	case PurgeName:
		return "a purge's name"
	case CampaignName:
		return "a campaign's name"
	case ListName:
		return "a test list"
	case DocumentID:
		return "a document's id"
	case TableName:
		return "a table"
	case Text:
		return "a text"
	}
	return "a command"
}

// Arg is an argument of a command. Only the last may be Many; one that is Optional is followed by optional ones only.
type Arg struct {
	Name     string // in capitals, as the syntax shows it
	Kind     Kind
	Optional bool
	Many     bool
}

// Spec declares a command.
type Spec struct {
	Name  string   // one word, or two with a blank between
	Args  []Arg    // in their order
	Flags []string // with their dashes
	Help  string   // what it does, in a line; Markdown
	About string   // what one should know about it, in a sentence or two; Markdown
	Needs Permission
	Where Place
}

// Syntax is how the command is written: `/liveops rollback ENV [RELEASE] [--through]`.
func (s Spec) Syntax() string {
	words := []string{prefix, s.Name}
	for _, a := range s.Args {
		word := a.Name
		if a.Many {
			word += "…"
		}
		if a.Optional {
			word = "[" + word + "]"
		}
		words = append(words, word)
	}
	for _, f := range s.Flags {
		words = append(words, "["+f+"]")
	}
	return strings.Join(words, " ")
}

// Table is a set of commands with different names, in the order in which help lists them. Where a command's
// name has two words, no other has the first of them alone.
type Table []Spec
