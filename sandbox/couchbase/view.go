package couchbase

type design struct{}

func (c *Collection) touchViews(id string) {}

type prepared struct{}
