package mysqlstore

import (
	"context"
	"fmt"
	"strings"
)

// serverKind is what the server is, where its maker decides what can be asked of it.
type serverKind uint8

const (
	mysqlServer    serverKind = iota // MySQL, and whatever is not told from it
	mariaDBServer                    // MariaDB
	embeddedServer                   // go-mysql-server, the stand-in: it calls itself MySQL, by Dolt
)

func readServerKind(ctx context.Context, q querier) (serverKind, error) {
	var version, comment string
	if err := q.QueryRowContext(ctx, "SELECT VERSION(), @@version_comment").Scan(&version, &comment); err != nil {
		return mysqlServer, fmt.Errorf("ask the server for its version: %w", err)
	}
	switch {
	case strings.Contains(version, "MariaDB"):
		return mariaDBServer, nil
	case comment == "Dolt":
		return embeddedServer, nil
	}
	return mysqlServer, nil
}
