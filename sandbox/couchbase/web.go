package couchbase

import "net/http"

func (s *Server) webHandler() http.Handler { return http.NotFoundHandler() }
