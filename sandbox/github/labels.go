package github

import (
	"encoding/json"
	"net/http"
	"slices"
)

// names is a list of label names, each a string or an object with a name. See
// https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
type names []string

// UnmarshalJSON reads either form.
func (n *names) UnmarshalJSON(text []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*n = names{}
	for _, item := range list {
		var name string
		if json.Unmarshal(item, &name) != nil {
			var object struct {
				Name string `json:"name"`
			}
			if err := json.Unmarshal(item, &object); err != nil {
				return err
			}
			name = object.Name
		}
		*n = append(*n, name)
	}
	return nil
}

func listLabels(c *call) (answer, error) {
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	return found(i.repo.labelDocuments(page(c, i.labels)))
}

// addLabels takes {"labels": […]} and, as GitHub does, a bare list.
func addLabels(c *call) (answer, error) {
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Labels names `json:"labels"`
	}
	if json.Unmarshal(c.body, &in.Labels) != nil {
		if err := c.decode(&in); err != nil {
			return answer{}, err
		}
	}
	if slices.Contains(in.Labels, "") {
		return answer{}, invalid(FieldError{Resource: "Label", Code: "missing_field", Field: "name"})
	}
	i.label(in.Labels, c.user)
	return found(i.repo.labelDocuments(i.labels))
}

func removeLabel(c *call) (answer, error) {
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	if err := i.unlabel(c.r.PathValue("name"), c.user); err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, i.repo.labelDocuments(i.labels)}, nil
}

// setLabels replaces the labels of an issue.
func (i *issue) setLabels(to []string, by *account) error {
	for _, has := range slices.Clone(i.labels) {
		if !slices.Contains(to, has) {
			if err := i.unlabel(has, by); err != nil {
				return err
			}
		}
	}
	i.label(to, by)
	return nil
}

func (r *Repo) labelDocuments(list []string) []document {
	documents := []document{}
	for _, name := range list {
		documents = append(documents, r.labelDocument(name))
	}
	return documents
}

// labelDocument describes a label; see
// https://docs.github.com/en/rest/issues/labels#get-a-label
func (r *Repo) labelDocument(name string) document {
	if r.labels[name] == 0 {
		r.labels[name] = r.s.nextID()
	}
	id := r.labels[name]
	return document{
		"id": id, "node_id": nodeID("Label", id), "name": name, "color": "ededed", "default": false, "description": nil,
		"url": r.api("/labels/%s", name),
	}
}
