package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/bot/access"
	"liveops/bot/command"
	"liveops/sync/mysqlstore"
	"liveops/sync/report"
)

// reply is what a command came to.
type reply struct {
	state report.ReplyState
	text  string // Markdown of package report
}

func done(text string) reply { return reply{report.Done, text} }

func refusal(text, mend string) reply { return reply{report.Refused, report.Sentence(text, mend)} }

// refusedError is a command that cannot be carried out as things stand: trying again does not help.
type refusedError struct{ text, mend string }

func (e *refusedError) Error() string { return e.text }

func refuse(mend, format string, args ...any) error {
	return &refusedError{fmt.Sprintf(format, args...), mend}
}

// run carries a line out: understands it, asks whether its author may, and does it. An error is only what a later try
// may mend.
func (t *talk) run(ctx context.Context, l command.Line) (reply, error) {
	if t.config == nil {
		return refusal("`"+t.branch+"` has no valid liveops.yaml, which says who may do what", "merge one first"), nil
	}
	c, wrong := command.Commands().Resolve(l, t.place(), t.environmentNames())
	if wrong != nil {
		return refusal(wrong.Problem, wrong.Mend), nil
	}
	decision, err := t.may(ctx, c.Spec.Needs)
	if err != nil {
		return reply{}, err
	}
	if !decision.Allowed {
		t.denied++
		return refusal(quotedFirst(decision.String()), ""), nil
	}
	r, err := t.do(ctx, c)
	var refused *refusedError
	if errors.As(err, &refused) {
		return refusal(refused.text, refused.mend), nil
	}
	if err != nil && !t.passes(err) {
		t.log.Error("a command failed", "command", c.String(), "error", err)
		return reply{report.Failed, report.Sentence(reason(err), "")}, nil
	}
	return r, err
}

// passes says whether an error may be gone when the command is tried again.
func (t *talk) passes(err error) bool {
	var (
		setting *SettingError
		wrong   *mysqlstore.WrongEnvironmentError
		no      *mysqlstore.RefusedError
		failed  *mysqlstore.TestsFailedError
		held    *mysqlstore.HeldError
		asked   *mysqlstore.RequestError
	)
	return !refused(err, http.StatusForbidden, http.StatusUnprocessableEntity) && !errors.As(err, &held) && !errors.As(err, &asked) && !errors.As(err, &setting) && !errors.As(err, &wrong) && !errors.As(err, &no) && !errors.As(err, &failed)
}

func (t *talk) do(ctx context.Context, c command.Command) (reply, error) {
	switch c.Spec.Name {
	case "help":
		return t.help(ctx, c)
	case "status":
		return t.standing(ctx)
	case "plan":
		return t.planAnew(ctx)
	case "apply":
		return t.apply(ctx, c)
	case "confirm":
		return t.confirm(ctx)
	case "retry":
		return t.retry(ctx)
	case "rollback":
		return t.rollback(ctx, c)
	case "promote":
		return t.promote(ctx, c)
	case "export":
		return t.export(ctx, c)
	case "drift":
		return t.drift(ctx)
	case "lock":
		return t.lock(ctx, c)
	case "unlock":
		return t.unlock(ctx, c)
	case "cancel":
		return t.cancel(ctx)
	}
	if _, what, is := strings.Cut(c.Spec.Name, "purge "); is {
		return t.purge(ctx, c, what)
	}
	if _, what, is := strings.Cut(c.Spec.Name, "push "); is {
		return t.campaign(ctx, c, what)
	}
	return reply{}, refuse("", "the command %s is declared, and not known to this version", c.Spec.Name)
}

// quotedFirst puts the name that a sentence begins with between backquotes, lest it be written with a capital.
func quotedFirst(sentence string) string {
	name, rest, _ := strings.Cut(sentence, " ")
	return "`" + name + "` " + rest
}

func (t *talk) environmentNames() []string {
	var names []string
	for _, e := range t.config.Environments {
		names = append(names, e.Name)
	}
	return names
}

// may asks whether the author of the comment may do something.
func (t *talk) may(ctx context.Context, action command.Permission) (access.Decision, error) {
	permissions, err := access.ParsePermissions(t.config.Permissions)
	if err != nil { // the file was refused otherwise
		return access.Decision{}, err
	}
	if t.role == nil { // once for all commands of the comment
		t.role, _, err = t.GitHub.Repositories.GetPermissionLevel(ctx, t.owner, t.name, t.Author)
		if err != nil && !refused(err, http.StatusNotFound) {
			t.role = nil
			return access.Decision{}, fmt.Errorf("ask for the role of %s: %w", t.Author, err)
		}
	}
	who := access.Who{Login: t.Author, Role: access.RoleOf(t.role.GetUser().GetRoleName(), t.role.GetPermission()),
		Member: func(team string) (bool, error) { return t.isMember(ctx, team) }}
	files := access.Files{}
	for _, g := range permissions.Of(string(action)) {
		if g.Codeowners && t.Pull {
			if files, err = t.ownedFiles(ctx); err != nil {
				return access.Decision{}, err
			}
			break
		}
	}
	return permissions.Decide(string(action), who, files)
}

// isMember asks for an active membership (https://docs.github.com/en/rest/teams/members).
func (t *talk) isMember(ctx context.Context, team string) (bool, error) {
	org, slug := splitTeam(team)
	m, _, err := t.GitHub.Teams.GetTeamMembershipBySlug(ctx, org, slug, t.Author)
	if refused(err, http.StatusNotFound) {
		return false, nil
	}
	return m.GetState() == "active", err
}

func splitTeam(team string) (org, slug string) {
	for i, r := range team {
		if r == '/' {
			return team[:i], team[i+1:]
		}
	}
	return "", team
}

// mostPullFiles is how many files of a pull request GitHub lists
// (https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files).
const mostPullFiles = 3_000

// ownedFiles are the files of the pull request that liveops reads, and who owns them on the default branch.
func (t *talk) ownedFiles(ctx context.Context) (access.Files, error) {
	c, err := t.fetch(ctx, t.base.tip)
	if err != nil {
		return access.Files{}, err
	}
	var files access.Files
	for _, path := range access.OwnersPaths() {
		if content, err := readSome(c.Files, path); err == nil {
			files.Owners, _ = access.ParseOwners(content)
			break
		}
	}
	o := &github.ListOptions{PerPage: 100}
	for listed := 0; ; {
		list, response, err := t.GitHub.PullRequests.ListFiles(ctx, t.owner, t.name, t.Number, o)
		if err != nil {
			return files, fmt.Errorf("list the files of #%d: %w", t.Number, err)
		}
		for _, f := range list {
			for _, path := range []string{f.GetFilename(), f.GetPreviousFilename()} {
				if isData(path) {
					files.Touched = append(files.Touched, path)
				}
			}
		}
		if listed += len(list); listed >= mostPullFiles {
			files.Owners = &access.Owners{} // there may be others, whose owners nobody knows
		}
		if response.NextPage == 0 {
			return files, nil
		}
		o.Page = response.NextPage
	}
}
