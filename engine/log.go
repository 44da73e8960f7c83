package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// serverLog hands the NATS server's log to slog. What the server calls a notice tells of its ordinary course,
// so it becomes a debug message; a fatal error becomes an error that Open returns, and ends no process.
type serverLog struct {
	logger *slog.Logger

	mu     sync.Mutex
	failed error
}

// The methods of the server's Logger.
func (l *serverLog) Noticef(format string, v ...any) {
	l.logger.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Debugf(format string, v ...any) {
	l.logger.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Tracef(format string, v ...any) {
	l.logger.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Maximum payloads over") {
		return // at every start; GitHub's deliveries are that large, seldom
	}
	l.logger.Warn("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Errorf(format string, v ...any) {
	l.logger.Error("nats: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.logger.Error("nats: " + text)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = errors.New(text)
	}
}

// fatal is the first fatal error that the server has logged, or nil.
func (l *serverLog) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}
