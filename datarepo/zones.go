package datarepo

import (
	"strings"

	"liveops/datasheets"
)

// zone is a time zone of the IANA database with what people write for it.
type zone struct {
	name  string
	other []string
}

// wellKnownZones are the zones that a mistaken name is compared with. The whole database need not be
// installed as files, so it cannot be searched.
func wellKnownZones() []zone {
	return []zone{
		{"Africa/Cairo", nil}, {"Africa/Johannesburg", []string{"SAST"}}, {"America/Argentina/Buenos_Aires", nil},
		{"America/Bogota", nil}, {"America/Chicago", []string{"CST", "CDT", "US/Central"}},
		{"America/Denver", []string{"MDT"}}, {"America/Los_Angeles", []string{"PST", "PDT", "US/Pacific"}},
		{"America/Mexico_City", nil}, {"America/New_York", []string{"EDT", "US/Eastern"}},
		{"America/Sao_Paulo", []string{"BRT", "Brazil"}}, {"America/Toronto", nil}, {"America/Vancouver", nil},
		{"Asia/Bangkok", []string{"ICT", "Thailand"}}, {"Asia/Dubai", nil}, {"Asia/Ho_Chi_Minh", []string{"Vietnam"}},
		{"Asia/Hong_Kong", []string{"HKT"}}, {"Asia/Jakarta", []string{"WIB", "Indonesia"}},
		{"Asia/Kolkata", []string{"IST", "India"}}, {"Asia/Kuala_Lumpur", []string{"MYT", "Malaysia"}},
		{"Asia/Manila", []string{"PHT", "Philippines"}}, {"Asia/Riyadh", nil},
		{"Asia/Seoul", []string{"KST", "Korea", "Seoul"}},
		{"Asia/Shanghai", []string{"China", "Asia/Beijing", "Beijing"}},
		{"Asia/Singapore", []string{"SGT"}}, {"Asia/Taipei", []string{"Taiwan"}},
		{"Asia/Tokyo", []string{"JST", "Tokyo", "Asia/Osaka"}}, {"Australia/Sydney", []string{"AEST", "AEDT"}},
		{"Europe/Berlin", []string{"CEST", "Germany"}}, {"Europe/Istanbul", nil}, {"Europe/London", []string{"BST", "London"}},
		{"Europe/Madrid", nil}, {"Europe/Moscow", []string{"MSK"}}, {"Europe/Paris", nil}, {"Europe/Warsaw", nil},
		{"Pacific/Auckland", []string{"NZST", "NZDT"}}, {"UTC", []string{"Z"}},
	}
}

// nearestZone is the well-known zone that a name may have been meant for; "" where none comes near.
func nearestZone(name string) string {
	var names []string
	for _, z := range wellKnownZones() {
		for _, other := range append(z.other, z.name) {
			if strings.EqualFold(other, name) {
				return z.name
			}
		}
		names = append(names, z.name)
	}
	return datasheets.Nearest(name, names)
}
