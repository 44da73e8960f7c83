package audience

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Open opens the database that has the tokens by a go-sql-driver DSN, which must name a database. It asks for an answer,
// so that one that gives none fails here; the error never holds the password. Sessions run in UTC and utf8mb4,
// whatever the DSN says. A statement that takes longer than limit is ended by the server (MySQL and MariaDB), also where
// nobody waits for it any more; 0 lets it take as long as it takes. Close the Store's DB.
func Open(ctx context.Context, dsn string, limit time.Duration) (*Store, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("the DSN of the push tokens cannot be read; expected user:password@tcp(host:3306)/database")
	}
	if cfg.DBName == "" {
		return nil, errors.New("the DSN of the push tokens names no database")
	}
	cfg.InterpolateParams = true // one round trip a statement; safe with utf8mb4
	cfg.ClientFoundRows, cfg.MultiStatements, cfg.AllowAllFiles, cfg.ParseTime = false, false, false, false
	cfg.Loc = time.UTC
	cfg.Logger = &mysql.NopLogger{} // what it has to say comes as errors, too
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	delete(cfg.Params, "charset")
	cfg.Params["time_zone"] = "'+00:00'"
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, fmt.Errorf("the DSN of the push tokens: %w", err)
	}
	db, err := open(ctx, cfg)
	if err != nil || limit == 0 {
		return &Store{DB: db}, err
	}
	var version string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return nil, errors.Join(fmt.Errorf("ask the server of the push tokens for its version: %w", err), db.Close())
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	if strings.Contains(version, "MariaDB") { // https://mariadb.com/kb/en/server-system-variables/#max_statement_time
		cfg.Params["max_statement_time"] = fmt.Sprintf("%.3f", limit.Seconds())
	} else { // https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_execution_time
		cfg.Params["max_execution_time"] = fmt.Sprint(limit.Milliseconds())
	}
	db, err = open(ctx, cfg)
	return &Store{DB: db}, err
}

func open(ctx context.Context, cfg *mysql.Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("the DSN of the push tokens: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the database of the push tokens cannot be reached: %w", err), db.Close())
	}
	return db, nil
}
