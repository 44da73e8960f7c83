package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
	"liveops/sync/couchstore"
	"liveops/sync/release"
)

// What a server says of a query is shown where it is about the query's words; a value of the database never is.
func TestAnswered(t *testing.T) {
	refused, slow := (*release.RefusedAudienceError)(nil), (*release.SlowAudienceError)(nil)
	for _, tt := range []struct {
		number        uint16
		refused, slow bool
		want          string
	}{
		{1146, true, false, "a secret"}, // no such table: the test's message is the server's own words then
		{1105, true, false, "error 1105"},
		{1366, true, false, "error 1366"},
		{1969, false, true, "Error 1969: a secret"},
		{3024, false, true, "Error 3024: a secret"},
		{1205, false, false, "count: Error 1205: a secret"},
	} {
		err := answered(fmt.Errorf("count: %w", &mysql.MySQLError{Number: tt.number, Message: "a secret"}))
		if errors.As(err, &refused) != tt.refused || errors.As(err, &slow) != tt.slow || err.Error() != tt.want {
			t.Errorf("%d: %v", tt.number, err)
		}
	}
	for code, want := range map[int]string{3000: "a secret", 4000: "a secret", 12003: "a secret", 5010: "error 5010", 1070: "error 1070"} {
		err := answered(fmt.Errorf("count: %w", &couchstore.QueryError{Code: code, Message: "a secret"}))
		if !errors.As(err, &refused) || err.Error() != want {
			t.Errorf("%d: %v", code, err)
		}
	}
	if err := answered(fmt.Errorf("count: %w", couchstore.ErrLate)); !errors.As(err, &slow) {
		t.Errorf("late: %v", err)
	}
	unset := (*release.UnsetError)(nil)
	if err := answered(&recipients.Unsupported{Reason: "in Couchbase"}); !errors.As(err, &unset) || unset.Reason != "in Couchbase" {
		t.Errorf("%v", err)
	}
	unfit := &campaign.ValueError{Column: "level", Type: "int", Value: "high", Wanted: "numbers in plain digits"}
	if err := answered(fmt.Errorf("count: %w", unfit)); !errors.As(err, &refused) || err.Error() != "`high` is compared with the column `level` (int), which takes numbers in plain digits" {
		t.Errorf("%v", err)
	}
	if other := errors.New("connection refused"); answered(other) != other || answered(nil) != nil {
		t.Error("what no server says is left as it is")
	}
}
