package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// wrongTypes are the problems of what an environment's `push` compares with the columns of its table of tokens, each at its place in
// liveops.yaml: a text that the server would take for a number finds other tokens than were meant.
func wrongTypes(environment string, push *datarepo.Push, columns []datasheets.Column) (problems []datasheets.Problem) {
	add := func(key, mend, format string, args ...any) {
		problems = append(problems, datasheets.Problem{At: push.Places.At(datarepo.ConfigPath, key), Text: "`push` of `" + environment + "`: " + fmt.Sprintf(format, args...), Mend: mend})
	}
	of := func(name string) *datasheets.Column {
		i := slices.IndexFunc(columns, func(c datasheets.Column) bool {
			return name != "" && strings.EqualFold(c.Name, name) && c.SQLType != ""
		})
		if i < 0 {
			return nil
		}
		return &columns[i]
	}
	t := &push.Tokens
	if c := of(t.Token); c != nil && !campaign.IsText(c) {
		add("tokens.token", "name the column of the tokens", "the column `%s` is %s, and tokens are texts", c.Name, strings.ToUpper(c.SQLType))
	}
	if c := of(t.UpdatedAt); c != nil && !campaign.IsTime(c) && (push.Dead.Delete || push.Dead.Mark != "") {
		add("tokens.updatedAt", "name a DATETIME in UTC or a TIMESTAMP, or remove `dead`", "the column `%s` is %s, which does not tell for certain whether a token was renewed", c.Name, strings.ToUpper(c.SQLType))
	}
	if c := of(t.Platform); c != nil {
		for _, p := range campaign.Platforms() {
			for i, value := range push.Platforms[p].Values {
				key := "platforms." + string(p) + ".values." + strconv.Itoa(i)
				if _, written := push.Places[key]; !written && c.Type == datasheets.Enum { // its own name, of which there may be none
					continue
				}
				if wrong := unfit(c, value); wrong != nil {
					add(key, "write in `platforms` what the column has for "+string(p), "%s", wrong.Text)
				}
			}
		}
	}
	if c := of(t.User); c != nil {
		for _, l := range push.Lists {
			for i, user := range l.Users {
				if wrong := unfit(c, user); wrong != nil {
					add("lists."+l.Name+".users."+strconv.Itoa(i), wrong.Mend, "%s", wrong.Text)
				}
			}
		}
	}
	return problems
}

func unfit(c *datasheets.Column, text string) *datasheets.Mismatch {
	return campaign.Unfit(c, datasheets.Cell{Kind: datasheets.Text, Text: []byte(text)}, false)
}
