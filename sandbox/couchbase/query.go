package couchbase

import "net/http"

type prepared struct{}

type queryError struct {
	code int
	msg  string
}

func replyQueryError(w http.ResponseWriter, status int, e queryError) {}

func (s *Server) query(w http.ResponseWriter, r *http.Request, u *User) {}
