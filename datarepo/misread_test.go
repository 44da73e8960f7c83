package datarepo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told are a campaign's problems as a person reads them: `line:column text / mend`.
func told(t *testing.T, content string) (all []string) {
	t.Helper()
	_, problems, err := Campaigns(campaignsFS("a.yaml", content), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		all = append(all, strings.TrimPrefix(p.At.String(), "pushes/a.yaml:")+" "+p.Text+" / "+p.Mend)
	}
	return all
}

// What people write as a message is either sent as they wrote it, or the problem says how it is to be written.
func TestTextsThatYAMLMisreads(t *testing.T) {
	const begin, with = "5:11 a text that begins with ", " must stand in quotes / put the text in quotes: "
	const colon = "5:11 a text with a `:` before a blank or at its end must stand in quotes / put the text in quotes: "
	const cut = " everything after `#` is left out of the text / put the text in quotes"
	for _, test := range []struct{ body, want string }{
		{"[Event] Come back", begin + "`[`" + with + "`body: \"[Event] Come back\"`"},
		{"[이벤트] 돌아오세요", begin + "`[`" + with + "`body: \"[이벤트] 돌아오세요\"`"},
		{"[イベント] 復帰: 今", begin + "`[`" + with + "`body: \"[イベント] 復帰: 今\"`"},
		{"[กิจกรรม] กลับมา", begin + "`[`" + with + "`body: \"[กิจกรรม] กลับมา\"`"},
		{"［이벤트］ 돌아오세요：지금", ""},
		{"【イベント】 ＃1", ""},
		{"[Event]", "5:11 expected text, found a list / put the text in quotes: `body: \"[Event]\"`"},
		{"{name}", "5:11 expected text, found a mapping / put the text in quotes: `body: \"{name}\"`"},
		{"{name} misses you", begin + "`{`" + with + "`body: \"{name} misses you\"`"},
		{"[Event", begin + "`[`" + with + "`body: \"[Event\"`"},
		{"@all", begin + "`@`" + with + "`body: \"@all\"`"},
		{"*Sale*", begin + "`*`" + with + "`body: \"*Sale*\"`"},
		{"&more", begin + "`&`" + with + "`body: \"&more\"`"},
		{"!! now", begin + "`!`" + with + "`body: \"!! now\"`"},
		{"- 50%", begin + "`-`" + with + "`body: \"- 50%\"`"},
		{"? who", begin + "`?`" + with + "`body: \"? who\"`"},
		{"|Sale|", begin + "`|`" + with + "`body: \"|Sale|\"`"},
		{">50% off", begin + "`>`" + with + "`body: \">50% off\"`"},
		{"`x`", "5:11 a text that begins with a backquote must stand in quotes / put the text in quotes (of `body`)"},
		{"50% off", ""},
		{"% off", ""},
		{"Sale: 50 off", colon + "`body: \"Sale: 50 off\"`"},
		{"세일: 50%", colon + "`body: \"세일: 50%\"`"},
		{"Sale:", colon + "`body: \"Sale:\"`"},
		{`It's: "x"`, colon + "`body: 'It''s: \"x\"'`"},
		{`Path: \n`, colon + "`body: 'Path: \\n'`"},
		{"[Event] here >", begin + "`[`" + with + "`body: \"[Event] here >\"`"},
		{`"Hi" said Mina`, "5:11 the text goes on behind its quotes (`\"`) / put the text in quotes: `body: '\"Hi\" said Mina'`"},
		{"a\n      Sale: b", "5:11 this is not YAML: mapping value is not allowed in this context / put the text in quotes (of `body`)"},
		{"Guild war #3 starts", "5:21" + cut + ": `body: \"Guild war #3 starts\"`"},
		{"#3 starts", "5:5 `body` has no value; expected text / put the text in quotes: `body: \"#3 starts\"`"},
		{"null", "5:5 `body` has no value; expected text / put the text in quotes: `body: \"null\"`"},
		{"Guild war # of three", "5:21" + cut + ", or the comment on a line of its own"},
		{"Guild war\n      of #3", "6:10" + cut + ", or the comment on a line of its own"},
		{`"Guild war" # of three`, ""},
		{"Guild war#3", ""},
		{"|\n      Sale: [50] #3", ""},
		{"> # folded\n      Sale: 50 #3", ""},
		{"Guild war\n    # a comment of its own", ""},
		{strings.Repeat("긴", 300) + ": x", colon[:len(colon)-2] + " (of `body`)"},
	} {
		t.Run(test.body, func(t *testing.T) {
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			got := told(t, "at: 2026-12-24T19:00\nmessage:\n  default:\n    title: Hi\n    body: "+test.body+"\ntimezone: UTC\n")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// In a mapping on one line a text is only shown in quotes where it is plain where it ends.
func TestTextsThatYAMLMisreadsOnOneLine(t *testing.T) {
	for body, want := range map[string]string{
		"@all":                "3:30 a text that begins with `@` must stand in quotes / put the text in quotes: `body: \"@all\"`",
		"[Event] Come back":   "3:30 a text that begins with `[` must stand in quotes / put the text in quotes (of `body`)",
		"Guild war #3 starts": "3:30 everything after `#` is left out of a text / put the text in quotes (of `body`)",
		`"Hi" said Mina`:      "3:30 the text goes on behind its quotes (`\"`) / put the text in quotes: `body: '\"Hi\" said Mina'`",
		"50 off, today":       "3:38 `today` stands here without a key / if this goes on with the text before the comma, put the whole text in quotes",
	} {
		got := told(t, "at: 2026-12-24T19:00\nmessage:\n  default: {title: Hi, body: "+body+"}\n")
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

// Each text of a file is told at once, and what else is wrong with the file's signs beside them.
func TestAllMisreadTextsAreTold(t *testing.T) {
	got := told(t, "schedule: */5 * * * *\nmessage:\n  default:\n    body: |\n      title: [fine] @x\n  ko:\n    title: [이벤트]\n    body: 세일: 50%\n  ja: {body: @all}\n")
	want := []string{
		"1:11 a text that begins with `*` must stand in quotes / put the text in quotes: `schedule: \"*/5 * * * *\"`",
		"7:12 a text that begins with `[` must stand in quotes / put the text in quotes: `title: \"[이벤트]\"`",
		"8:11 a text with a `:` before a blank or at its end must stand in quotes / put the text in quotes: `body: \"세일: 50%\"`",
		"9:14 a text that begins with `@` must stand in quotes / put the text in quotes: `body: \"@all\"`",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = told(t, "at: &a 2026-12-24T19:00\nmessage:\n  default: {body: x}\n")
	if diff := cmp.Diff([]string{"1:5 anchors (`&`) are not used here / write the value out"}, got); diff != "" {
		t.Errorf("of a key that is no text (-want +got):\n%s", diff)
	}
}

// What was released before a comment behind a text was a problem is sent as it was.
func TestCutTextsThatWereReleased(t *testing.T) {
	const cut = "at: 2026-12-24T19:00\nmessage:\n  default:\n    body: Guild war #3 starts\n"
	got, problems, err := ReleasedCampaigns(campaignsFS("a.yaml", cut), nil)
	if err != nil || len(problems) > 0 || len(got) != 1 || got[0].Messages["default"].Body != "Guild war" {
		t.Errorf("%v %v %v", got, problems, err)
	}
	if c, err := DecodeCampaign("a", []byte(cut), nil); err != nil || c.Fingerprint() != got[0].Fingerprint() {
		t.Errorf("%v %v", c, err)
	}
}

// So is what any later rule of what is surely not meant would refuse.
func TestMistakesThatWereReleased(t *testing.T) {
	for _, content := range []string{
		"schedule: '* 19 * * FRI'\ntimezone: EST\naudience: {}\nmessage: {default: {body: x}, kr: {body: x}}\n",
		littleCampaign + "audience: {columns: {level: {min: 30, max: 3}}}\n",
	} {
		if got := told(t, content); len(got) == 0 {
			t.Errorf("no problem of %s", content)
		}
		if got, problems, err := ReleasedCampaigns(campaignsFS("a.yaml", content), nil); err != nil || len(problems) > 0 || len(got) != 1 {
			t.Errorf("%v %v %v", got, problems, err)
		}
	}
}

// A comment is taken on a line of its own, and behind any key that holds no words for people.
func TestCommentsThatAreTaken(t *testing.T) {
	got := told(t, "# A campaign.\nschedule: 3 19 * * FRI # Fridays\ntimezone: UTC # for now\nmessage: # what it says\n  # to everyone\n  default: {body: x} # no title\ndata:\n  event: friday # what the app gets\n")
	if len(got) > 0 {
		t.Error(got)
	}
	_, problems, err := Purges(purgesFS("a.yaml", "description: For guild #3\nselect: {ids: [a]} # one\nupdate: . # nothing\nlimits: {documents: 1}\n"), nil)
	if err != nil || len(problems) != 1 || problems[0].Mend != "put the text in quotes: `description: \"For guild #3\"`" {
		t.Errorf("%+v %v", problems, err)
	}
}
