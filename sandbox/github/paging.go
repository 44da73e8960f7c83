package github

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The sizes of a page. See
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
const (
	defaultPerPage = 30
	maxPerPage     = 100
)

// page returns the part of a list that the request's page and per_page ask
// for, never nil, and sets the Link header if there is more than one page. A
// number that is malformed or out of range counts as the default or the limit,
// as at GitHub.
func page[T any](c *call, list []T) []T {
	size := min(queryNumber(c, "per_page", defaultPerPage), maxPerPage)
	number := queryNumber(c, "page", 1)
	last := max(1, (len(list)+size-1)/size)
	if link := links(c, number, last); link != "" {
		c.header.Set("Link", link)
	}
	if number > last {
		return []T{}
	}
	start := (number - 1) * size
	return append([]T{}, list[start:min(start+size, len(list))]...)
}

func queryNumber(c *call, name string, otherwise int) int {
	n, err := strconv.Atoi(c.query.Get(name))
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}

// links is the value of the Link header, empty for a single page. See
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers
func links(c *call, number, last int) string {
	var rels []string
	rel := func(name string, to int) {
		query := url.Values{}
		for key, values := range c.query {
			query[key] = values
		}
		query.Set("page", strconv.Itoa(to))
		rels = append(rels, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.s.url, c.path, query.Encode(), name))
	}
	if number > 1 {
		rel("prev", min(number-1, last))
	}
	if number < last {
		rel("next", number+1)
		rel("last", last)
	}
	if number > 1 {
		rel("first", 1)
	}
	return strings.Join(rels, ", ")
}
