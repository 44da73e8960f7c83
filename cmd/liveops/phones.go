package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
	"liveops/sync/couchstore"
	"liveops/sync/release"
)

// askTime is how long one statement that asks the push tokens for a preview may take.
const askTime = 20 * time.Second

// phones opens each environment's push tokens once, to be asked about: LIVEOPS_<ENV>_PUSH_DSN, by default its MySQL, or where
// liveops.yaml has a query, its LIVEOPS_<ENV>_COUCHBASE_URL. What takes long is ended by the server.
type phones struct {
	settings settings
	mu       sync.Mutex
	open     map[string]*audience.Store
	once     sync.Once
	buckets  *buckets // from the first query on
}

// asked is what the tokens of a preview are asked for.
type asked interface {
	recipients.Counter
	recipients.Namer
	Zones(ctx context.Context, t audience.Table, column string) ([]string, error)
}

// of gives an environment's tokens, wherever they are.
func (p *phones) of(ctx context.Context, environment string, push *datarepo.Push) (asked, error) {
	if push.Tokens.Query == "" {
		return p.store(ctx, environment)
	}
	p.once.Do(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.buckets = &buckets{settings: p.settings}
	})
	bucket, err := p.buckets.store(ctx, environment)
	if err != nil {
		return nil, err
	}
	return &audience.Couchbase{Bucket: bucket, Limit: askTime}, nil
}

// pushDSN is where an environment's push tokens are; "" where no setting says so.
func (s settings) pushDSN(environment string) (string, error) {
	dsn, err := s.get(environmentSetting(environment, "PUSH_DSN"))
	if err != nil || dsn != "" {
		return dsn, err
	}
	return s.get(environmentSetting(environment, "MYSQL_DSN"))
}

// store opens an environment's tokens, or gives those that are open.
func (p *phones) store(ctx context.Context, environment string) (*audience.Store, error) {
	p.mu.Lock()
	there := p.open[environment]
	p.mu.Unlock()
	if there != nil {
		return there, nil
	}
	dsn, err := p.settings.pushDSN(environment)
	if err != nil {
		return nil, err
	}
	if dsn == "" {
		return nil, &release.UnsetError{Reason: environmentSetting(environment, "PUSH_DSN") + " is not set"}
	}
	store, err := audience.Open(ctx, dsn, askTime)
	if err != nil {
		return nil, fmt.Errorf("environment %s: %w", environment, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if there := p.open[environment]; there != nil { // somebody else was as quick
		return there, store.DB.Close()
	}
	if p.open == nil {
		p.open = map[string]*audience.Store{}
	}
	p.open[environment] = store
	return store, nil
}

// Columns implements release.Phones.
func (p *phones) Columns(ctx context.Context, environment string, push *datarepo.Push, c *campaign.Campaign) ([]datasheets.Column, error) {
	store, err := p.of(ctx, environment, push)
	if err != nil {
		return nil, err
	}
	names, err := recipients.Columns(ctx, store, c, push)
	return names, answered(err)
}

// Count implements release.Phones.
func (p *phones) Count(ctx context.Context, environment string, push *datarepo.Push, c *campaign.Campaign, at time.Time) (campaign.Counted, error) {
	store, err := p.of(ctx, environment, push)
	if err != nil {
		return campaign.Counted{}, err
	}
	counted, err := recipients.Count(ctx, store, c, push, at)
	return counted, answered(err)
}

// zones are the time zones that users have; none where nothing says which column has them.
func (p *phones) zones(ctx context.Context, environment string, push *datarepo.Push) ([]string, error) {
	if push.Tokens.Timezone == "" {
		return nil, nil
	}
	table, err := recipients.Table(push)
	if err != nil {
		return nil, err
	}
	store, err := p.of(ctx, environment, push)
	if err != nil {
		return nil, err
	}
	return store.Zones(ctx, table, push.Tokens.Timezone)
}

// answered tells apart why a query was not carried out: it cannot be made, took too long, or the server refuses it.
func answered(err error) error {
	if unsupported := (*recipients.Unsupported)(nil); errors.As(err, &unsupported) {
		return &release.UnsetError{Reason: unsupported.Reason}
	}
	if errors.Is(err, couchstore.ErrLate) {
		return &release.SlowAudienceError{Err: err}
	}
	if refused := (*couchstore.QueryError)(nil); errors.As(err, &refused) {
		return &release.RefusedAudienceError{Err: refusalOfQuery(refused)}
	}
	if unfit := (*campaign.ValueError)(nil); errors.As(err, &unfit) {
		return &release.RefusedAudienceError{Err: unfit}
	}
	var said *mysql.MySQLError
	if !errors.As(err, &said) {
		return err
	}
	switch said.Number {
	case 1969, // ER_STATEMENT_TIMEOUT of MariaDB
		3024: // ER_QUERY_TIMEOUT of MySQL
		return &release.SlowAudienceError{Err: said}
	case 1040, 1203, // too many connections
		1205, 1213, // a lock
		1053, 1317: // the server, or somebody, ended it
		return err
	}
	return &release.RefusedAudienceError{Err: refusal(said)}
}

// refusal is what of a server's error may be shown to whoever brings a query: what is wrong with its words. Other errors may
// quote values of the database.
func refusal(said *mysql.MySQLError) error {
	switch said.Number {
	case 1054, 1060, 1064, 1109, 1142, 1143, 1146, 1222, 1248, 1305:
		return errors.New(said.Message)
	}
	return fmt.Errorf("error %d", said.Number)
}

// refusalOfQuery is the same of what the query service says: of a statement's syntax and plan, and of the keyspaces and rights
// that it needs (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/n1ql-error-codes.html).
func refusalOfQuery(said *couchstore.QueryError) error {
	switch code := said.Code; {
	case code == 1000, code >= 3000 && code < 5000, code == 12003, code == 13014:
		return errors.New(said.Message)
	}
	return fmt.Errorf("error %d", said.Code)
}

// Close closes all that were opened.
func (p *phones) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.buckets != nil {
		err = p.buckets.Close()
	}
	for _, store := range p.open {
		err = errors.Join(err, store.DB.Close())
	}
	p.open = nil
	return err
}
