package bot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/bot/hub"
	"liveops/datasheets"
	"liveops/sync/mysqlstore"
)

// reason is an error as a comment may tell it: what liveops knows of it, without addresses or accounts of the
// servers behind it, which are in the log.
func reason(err error) string {
	var (
		setting     *SettingError
		unreachable *mysqlstore.UnreachableError
		wrong       *mysqlstore.WrongEnvironmentError
		problem     *datasheets.Problem
		unknown     *hub.RefusedError
		absent      *hub.NotInstalledError
		lacking     *github.ErrorResponse
		web         *url.Error
		connection  *net.OpError
		held        *mysqlstore.HeldError
		no          *mysqlstore.RefusedError
		failed      *mysqlstore.TestsFailedError
		moved       *mysqlstore.MovedError
		asked       *mysqlstore.RequestError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "liveops was stopped meanwhile; it goes on when it is back"
	case errors.As(err, &setting):
		return setting.Error()
	case errors.As(err, &unreachable):
		return "the database of " + unreachable.Environment + " cannot be reached"
	case errors.As(err, &wrong):
		return wrong.Error()
	case errors.As(err, &problem):
		return problem.Error()
	case errors.As(err, &held):
		return held.Error()
	case errors.As(err, &no):
		return no.Error()
	case errors.As(err, &failed):
		return failed.Error()
	case errors.As(err, &moved):
		return moved.Error()
	case errors.As(err, &asked):
		return asked.Error()
	case errors.Is(err, mysqlstore.ErrBusy):
		return mysqlstore.ErrBusy.Error()
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &absent):
		return absent.Error()
	case errors.As(err, &lacking) && refused(err, http.StatusForbidden):
		return "GitHub does not let the bot do this (" + lacking.Message + "): its account lacks a permission, or the branch is protected"
	case errors.As(err, &web):
		return "GitHub gives no answer"
	case errors.As(err, &connection):
		return "a database cannot be reached"
	default:
		return "something went wrong; the log of liveops has more"
	}
}

// toldError is an error that reads as a comment may tell it: the engine keeps its text, which the status shows.
type toldError struct{ err error }

func (e *toldError) Error() string { return reason(e.err) }
func (e *toldError) Unwrap() error { return e.err }

// longestPause bounds what GitHub may ask to wait: its limits are by the hour
// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
const longestPause = time.Hour

// pause is how long GitHub asks to be left alone; 0 where it does not
// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit).
func pause(err error, now time.Time) time.Duration {
	var (
		secondary *github.AbuseRateLimitError
		primary   *github.RateLimitError
		refused   *github.ErrorResponse
		d         time.Duration
	)
	switch {
	case errors.As(err, &secondary) && secondary.RetryAfter != nil:
		d = *secondary.RetryAfter
	case errors.As(err, &primary):
		d = primary.Rate.Reset.Sub(now)
	case errors.As(err, &refused) && refused.Response != nil:
		seconds, _ := strconv.Atoi(refused.Response.Header.Get("Retry-After"))
		d = time.Duration(min(seconds, int(longestPause/time.Second))) * time.Second
	}
	return max(0, min(d, longestPause))
}
