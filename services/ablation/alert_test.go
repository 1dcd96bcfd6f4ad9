package ablation_test

import (
	"errors"
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
		"all day":              {&ablation.Quiet{From: "00:00", To: "00:00", Zone: "Asia/Tokyo"}, at(30, 12, 0), time.Time{}},
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

func TestChannel_Check(t *testing.T) {
	t.Parallel()
	c := ablation.Channel{Name: "team", Kind: ablation.ChannelSlack, Lang: "ja", Kinds: ablation.AlertKinds()}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]*ablation.Quiet{
		"all day":                 {From: "09:00", To: "09:00", Zone: "Asia/Tokyo"},
		"no time":                 {From: "late", To: "09:00", Zone: "Asia/Tokyo"},
		"a zone that isn't there": {From: "22:00", To: "09:00", Zone: "Mars/Base"},
		"a begin without its end": {From: "22:00", Zone: "Asia/Tokyo"},
	} {
		c.Quiet = q
		var bad *ablation.Invalid
		if err := c.Check(); !errors.As(err, &bad) || bad.Problems[0].Field != "quiet" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
