package ablation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestQuiet_Ends(t *testing.T) {
	t.Parallel()
	night := &ablation.Quiet{From: "22:00", To: "07:30", Zone: "Asia/Tokyo"}
	noon := &ablation.Quiet{From: "12:00", To: "13:00", Zone: "Asia/Tokyo"}
	tokyo := time.FixedZone("JST", 9*3600)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, tokyo) }
	cases := map[string]struct {
		quiet *ablation.Quiet
		now   time.Time
		want  time.Time // zero: not quiet
	}{
		"none":                 {nil, at(30, 23, 0), time.Time{}},
		"before":               {night, at(30, 21, 59), time.Time{}},
		"on the hour":          {night, at(29, 22, 0), at(30, 7, 30)},
		"past midnight":        {night, at(30, 3, 0), at(30, 7, 30)},
		"at the end":           {night, at(30, 7, 30), time.Time{}},
		"within a day":         {noon, at(30, 12, 59), at(30, 13, 0)},
		"no end":               {&ablation.Quiet{From: "00:00", To: "00:00", Zone: "Asia/Tokyo"}, at(30, 12, 0), time.Time{}},
		"a zone that is wrong": {&ablation.Quiet{From: "00:00", To: "23:59", Zone: "Mars/Base"}, at(30, 12, 0), time.Time{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, quiet := c.quiet.Ends(c.now.UTC())
			if quiet != !c.want.IsZero() || quiet && !got.Equal(c.want) {
				t.Errorf("ends %v (%v), want %v", got, quiet, c.want)
			}
		})
	}
}

// TestChannel_Check: quiet hours that would never end are refused, like those that can't be read.
func TestChannel_Check(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		quiet *ablation.Quiet
		want  string // "" where it can be kept
	}{
		"none":             {nil, ""},
		"a night":          {&ablation.Quiet{From: "22:00", To: "07:30", Zone: "Asia/Tokyo"}, ""},
		"begin and end":    {&ablation.Quiet{From: "00:00", To: "00:00", Zone: "Asia/Tokyo"}, "quiet: begin and end are the same"},
		"in other writing": {&ablation.Quiet{From: "7:30", To: "07:30", Zone: "Asia/Tokyo"}, "quiet: begin and end are the same"},
		"half of it":       {&ablation.Quiet{From: "22:00", Zone: "Asia/Tokyo"}, "quiet: can't be read"},
		"no such zone":     {&ablation.Quiet{From: "22:00", To: "07:30", Zone: "Mars/Base"}, "quiet: can't be read"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ablation.Channel{Name: "c", Kind: ablation.ChannelSlack, Lang: "ja", Kinds: ablation.AlertKinds(), Quiet: c.quiet}.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
