package github

// Pull is a pull request as the Go methods show it.
type Pull struct {
	Number             int
	Title, Body        string
	Author, Head, Base string
	State              string // open or closed
	Merged             bool
}

// Pulls are the pull requests, oldest first.
func (r *Repo) Pulls() []Pull {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Pull
	for _, p := range r.pulls {
		list = append(list, Pull{Number: p.number, Title: p.title, Body: p.body, Author: p.author.Login, Head: p.head.branch, Base: p.base,
			State: p.state, Merged: !p.merged.IsZero()})
	}
	return list
}
