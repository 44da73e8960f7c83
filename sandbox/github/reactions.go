package github

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// reactionContents are the reactions there are, in the order of the summary. See
// https://docs.github.com/en/rest/reactions/reactions#about-reactions
func reactionContents() []string {
	return []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}
}

// Reaction is a reaction as the Go methods show it.
type Reaction struct {
	ID      int64
	Content string // as the API writes it: +1, -1, laugh, hooray, confused, heart, rocket, eyes
	User    string // login
	Created time.Time
}

// reaction is a reaction as the server keeps it; subject is the id of the
// comment or of the issue.
type reaction struct {
	Reaction
	subject int64
	user    *account
}

// Reactions are the reactions to a comment on an issue or a pull request, or to
// an issue (by its id), oldest first.
func (r *Repo) Reactions(id int64) []Reaction {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Reaction
	for _, one := range r.reactionsTo(id) {
		list = append(list, one.Reaction)
	}
	return list
}

// React reacts to a comment as a user; a second time it does nothing. Refused
// as the REST API refuses it.
func (r *Repo) React(id int64, user, content string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(user)
	if err == nil && !slices.ContainsFunc(r.comments, func(c *comment) bool { return c.id == id }) {
		err = notFound()
	}
	if err == nil {
		err = checkMember("content", &content, reactionContents()...)
	}
	if err != nil {
		return fmt.Errorf("react to comment %d: %w", id, err)
	}
	r.react(id, by, content)
	return nil
}

func reactionRoutes() []route {
	const (
		docs  = "https://docs.github.com/en/rest/reactions/reactions"
		path  = "/repos/{owner}/{repo}/issues/comments/{id}/reactions"
		whole = "/repos/{owner}/{repo}/issues/{number}/reactions"
	)
	return []route{
		{"GET " + path, Read, docs + "#list-reactions-for-an-issue-comment", onComment(listReactions)},
		{"POST " + path, Read, docs + "#create-reaction-for-an-issue-comment", onComment(createReaction)},
		{"DELETE " + path + "/{reaction}", Read, docs + "#delete-an-issue-comment-reaction", onComment(deleteReaction)},
		{"GET " + whole, Read, docs + "#list-reactions-for-an-issue", onIssue(listReactions)},
		{"POST " + whole, Read, docs + "#create-reaction-for-an-issue", onIssue(createReaction)},
		{"DELETE " + whole + "/{reaction}", Read, docs + "#delete-an-issue-reaction", onIssue(deleteReaction)},
	}
}

// onComment runs an endpoint on the comment that the path names.
func onComment(run func(*call, int64) (answer, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		comment, err := c.comment()
		if err != nil {
			return answer{}, err
		}
		return run(c, comment.id)
	}
}

// onIssue runs an endpoint on the issue that the path names.
func onIssue(run func(*call, int64) (answer, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		i, err := c.issue()
		if err != nil {
			return answer{}, err
		}
		return run(c, i.id)
	}
}

func listReactions(c *call, subject int64) (answer, error) {
	content := c.query.Get("content")
	documents := []document{}
	list := slices.DeleteFunc(c.repo.reactionsTo(subject), func(one *reaction) bool { return content != "" && content != one.Content })
	for _, one := range page(c, list) {
		documents = append(documents, c.repo.reactionDocument(one))
	}
	return found(documents)
}

// createReaction answers 201, or 200 to one who has reacted so already. See
// https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
func createReaction(c *call, subject int64) (answer, error) {
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	var in struct {
		Content *string `json:"content"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Content == nil {
		return answer{}, notSupplied("content")
	}
	if err := checkMember("content", in.Content, reactionContents()...); err != nil {
		return answer{}, err
	}
	one, isNew := c.repo.react(subject, c.user, *in.Content)
	if !isNew {
		return found(c.repo.reactionDocument(one))
	}
	return answer{http.StatusCreated, c.repo.reactionDocument(one)}, nil
}

func (r *Repo) react(subject int64, by *account, content string) (one *reaction, isNew bool) {
	for _, one := range r.reactionsTo(subject) {
		if one.user == by && one.Content == content {
			return one, false
		}
	}
	one = &reaction{Reaction{ID: r.s.nextID(), Content: content, User: by.Login, Created: r.s.now()}, subject, by}
	r.reactions = append(r.reactions, one)
	return one, true
}

// deleteReaction is for who reacted, and for those who can write.
func deleteReaction(c *call, subject int64) (answer, error) {
	id, err := c.number("reaction")
	if err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(c.repo.reactions, func(one *reaction) bool { return one.ID == int64(id) && one.subject == subject })
	if at < 0 {
		return answer{}, notFound()
	}
	if c.repo.reactions[at].user != c.user {
		if err := c.need(Write); err != nil {
			return answer{}, err
		}
	}
	c.repo.reactions = slices.Delete(c.repo.reactions, at, at+1)
	return answer{http.StatusNoContent, nil}, nil
}

func (r *Repo) reactionsTo(subject int64) []*reaction {
	var list []*reaction
	for _, one := range r.reactions {
		if one.subject == subject {
			list = append(list, one)
		}
	}
	return list
}

func (r *Repo) reactionDocument(one *reaction) document {
	return document{
		"id": one.ID, "node_id": nodeID("Reaction", one.ID), "content": one.Content,
		"user": r.s.userDocument(one.user), "created_at": stamp(one.Created),
	}
}

// reactionSummary counts the reactions as the documents of comments and issues do.
func (r *Repo) reactionSummary(subject int64, url string) document {
	list := r.reactionsTo(subject)
	d := document{"url": url + "/reactions", "total_count": len(list)}
	for _, content := range reactionContents() {
		n := 0
		for _, one := range list {
			if one.Content == content {
				n++
			}
		}
		d[content] = n
	}
	return d
}
