package hub

import (
	"context"
	"sync"
)

// person is a personal access token: one account for all repositories.
type person struct {
	hub *Hub
	one *account

	mu   sync.Mutex
	name string
}

func newPerson(h *Hub) *person {
	t := fixed{h.options.Token, "LIVEOPS_GITHUB_TOKEN"}
	if h.options.Login == ActionsLogin {
		t.setting = "GITHUB_TOKEN"
	}
	return &person{hub: h, name: h.options.Login, one: &account{t, h.newTransport(t, "the token")}}
}

func (p *person) account(context.Context, string, string) (*account, error) { return p.one, nil }

// login asks once, where it was not told: https://docs.github.com/en/rest/users/users#get-the-authenticated-user
func (p *person) login(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.name == "" {
		user, _, err := p.hub.client(p.one.transport).Users.Get(ctx, "")
		if err != nil {
			return "", err
		}
		p.name = user.GetLogin()
	}
	return p.name, nil
}

// fixed is a token that stays as it is, and the setting that it comes from.
type fixed struct{ token, setting string }

func (f fixed) current(context.Context) (string, error)         { return f.token, nil }
func (f fixed) renewed(context.Context, string) (string, error) { return "", f.refused() }

func (f fixed) refused() *RefusedError {
	return &RefusedError{"the token of " + f.setting, "expired or revoked?"}
}
