package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"liveops/bot"
	"liveops/sync/mysqlstore"
)

// settings are the process's settings: environment variables, or files that variables ending in _FILE name.
type settings struct {
	lookup func(name string) (string, bool)
}

// get is a setting's value; "" where it is not set. A file's last line end is not part of it.
func (s settings) get(name string) (string, error) {
	value, _ := s.lookup(name)
	path, _ := s.lookup(name + "_FILE")
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", &bot.SettingError{Setting: name, Reason: "and " + name + "_FILE are both set; keep one"}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", &bot.SettingError{Setting: name + "_FILE", Reason: "names a file that cannot be read: " + err.Error()}
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// need is a setting that must be there; hint says what it holds.
func (s settings) need(name, hint string) (string, error) {
	value, err := s.get(name)
	if err == nil && value == "" {
		err = &bot.SettingError{Setting: name, Reason: "is not set: " + hint}
	}
	return value, err
}

// list is a comma-separated setting.
func (s settings) list(name string) ([]string, error) {
	value, err := s.get(name)
	var out []string
	for _, v := range strings.Split(value, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out, err
}

// needList is a comma-separated setting that must name something.
func (s settings) needList(name, hint string) ([]string, error) {
	out, err := s.list(name)
	if err == nil && len(out) == 0 {
		err = &bot.SettingError{Setting: name, Reason: "is not set: " + hint}
	}
	return out, err
}

// environmentSetting is the name of an environment's setting: LIVEOPS_EU_WEST_MYSQL_DSN for eu-west.
func environmentSetting(environment, what string) string {
	return "LIVEOPS_" + strings.ToUpper(strings.ReplaceAll(environment, "-", "_")) + "_" + what
}

// stores opens each environment's MySQL once.
type stores struct {
	settings settings
	mu       sync.Mutex
	open     map[string]*mysqlstore.Store
}

// Store opens an environment's MySQL, or gives the one that is open. One that does not answer holds up nobody who asks
// for another.
func (s *stores) Store(ctx context.Context, environment string) (*mysqlstore.Store, error) {
	if store := s.opened(environment, nil); store != nil {
		return store, nil
	}
	dsn, err := s.settings.need(environmentSetting(environment, "MYSQL_DSN"),
		fmt.Sprintf("where the MySQL of %s is, as user:password@tcp(host:3306)/database", environment))
	if err != nil {
		return nil, err
	}
	store, err := mysqlstore.Open(ctx, environment, dsn, mysqlstore.Options{})
	if err != nil {
		return nil, err
	}
	if first := s.opened(environment, store); first != store { // somebody else was as quick
		return first, store.Close()
	}
	return store, nil
}

// opened is the store of an environment that is open, which the given one becomes where there is none.
func (s *stores) opened(environment string, store *mysqlstore.Store) *mysqlstore.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if there := s.open[environment]; there != nil || store == nil {
		return there
	}
	if s.open == nil {
		s.open = map[string]*mysqlstore.Store{}
	}
	s.open[environment] = store
	return store
}

// Close closes all that were opened.
func (s *stores) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, store := range s.open {
		err = errors.Join(err, store.Close())
	}
	s.open = nil
	return err
}
