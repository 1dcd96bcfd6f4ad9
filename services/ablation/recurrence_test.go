package ablation_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestRecurrence_Next is about calendars and clocks; times are as clocks in the zone show them, with their offset.
func TestRecurrence_Next(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, cron, zone, after string
		want                    []string
	}{
		{"nightly", "0 22 * * *", "Asia/Tokyo", "2026-11-24T22:00+09:00", []string{"2026-11-25T22:00+09:00", "2026-11-26T22:00+09:00"}},
		{"weekdays by name, twice a day", "30 6,18 * * mon-FRI", "Asia/Tokyo", "2026-11-27T07:00+09:00", []string{"2026-11-27T18:30+09:00", "2026-11-30T06:30+09:00"}},
		{"a step within a range", "10-50/20 9 * * *", "UTC", "2026-11-24T09:10+00:00", []string{"2026-11-24T09:30+00:00", "2026-11-24T09:50+00:00", "2026-11-25T09:10+00:00"}},
		{"Sunday is 0 and 7", "0 9 * * 7", "UTC", "2026-11-24T00:00+00:00", []string{"2026-11-29T09:00+00:00"}},
		{"from Friday to Sunday", "0 9 * * 5-7", "UTC", "2026-11-24T00:00+00:00", []string{"2026-11-27T09:00+00:00", "2026-11-28T09:00+00:00", "2026-11-29T09:00+00:00", "2026-12-04T09:00+00:00"}},
		{"day of the month or weekday", "0 0 1 * 1", "UTC", "2026-11-24T00:00+00:00", []string{"2026-11-30T00:00+00:00", "2026-12-01T00:00+00:00", "2026-12-07T00:00+00:00"}},
		{"a step of days and a weekday", "0 0 */2 * 1", "UTC", "2026-11-24T00:00+00:00", []string{"2026-12-07T00:00+00:00", "2026-12-21T00:00+00:00"}},
		{"months that have no 31st", "0 3 31 * *", "UTC", "2026-10-31T03:00+00:00", []string{"2026-12-31T03:00+00:00", "2027-01-31T03:00+00:00", "2027-03-31T03:00+00:00"}},
		{"a leap day across a century", "0 0 29 2 *", "UTC", "2096-03-01T00:00+00:00", []string{"2104-02-29T00:00+00:00"}},

		{"a time that clocks pass over", "30 2 * * *", "Europe/Berlin", "2026-03-27T12:00+01:00", []string{"2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"}},
		{"several that clocks pass over", "0,20,40 2,3 * * *", "Europe/Berlin", "2026-03-29T01:00+01:00", []string{"2026-03-29T03:00+02:00", "2026-03-29T03:20+02:00", "2026-03-29T03:40+02:00", "2026-03-30T02:00+02:00"}},
		{"a time that clocks show twice", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+02:00", []string{"2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"}},
		{"every hour when clocks go back", "0 * * * *", "America/New_York", "2026-11-01T00:00-04:00", []string{"2026-11-01T01:00-04:00", "2026-11-01T02:00-05:00", "2026-11-01T03:00-05:00"}},
		{"every hour when clocks go forward", "15 * * * *", "America/New_York", "2026-03-08T00:20-05:00", []string{"2026-03-08T01:15-05:00", "2026-03-08T03:15-04:00"}},
		{"half an hour's change", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00+10:30", []string{"2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"}},
		{"a change at midnight", "0 0 * * *", "America/Havana", "2026-03-07T12:00-05:00", []string{"2026-03-08T01:00-04:00", "2026-03-09T00:00-04:00"}},
		{"a day that was left out", "0 22 * * *", "Pacific/Apia", "2011-12-29T12:00-10:00", []string{"2011-12-29T22:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T22:00+14:00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const layout = "2006-01-02T15:04-07:00"
			r := ablation.Recurrence{Cron: tt.cron, Zone: tt.zone}
			after, err := time.Parse(layout, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			next, err := r.Next(after, len(tt.want))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, at := range next {
				got = append(got, at.In(zone(t, tt.zone)).Format(layout))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestRecurrence_Closes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ until, planned, want string }{
		{"08:00", "2026-11-24T22:00+09:00", "2026-11-25T08:00+09:00"},
		{"23:30", "2026-11-24T22:00+09:00", "2026-11-24T23:30+09:00"},
		{"22:00", "2026-11-24T22:00+09:00", "2026-11-25T22:00+09:00"},
	} {
		planned, err := time.Parse("2006-01-02T15:04-07:00", tt.planned)
		if err != nil {
			t.Fatal(err)
		}
		r := ablation.Recurrence{Cron: "0 22 * * *", Zone: "Asia/Tokyo", Until: tt.until}
		closes, bounded, err := r.Closes(planned)
		if got := closes.In(zone(t, r.Zone)).Format("2006-01-02T15:04-07:00"); err != nil || !bounded || got != tt.want {
			t.Errorf("until %s: %s, %v, %v; want %s", tt.until, got, bounded, err, tt.want)
		}
	}
	if _, bounded, err := (ablation.Recurrence{Cron: "0 22 * * *", Zone: "UTC"}).Closes(time.Now()); bounded || err != nil {
		t.Errorf("no end: %v, %v", bounded, err)
	}
}

// drawRecurrence is any line that fires at some times of day, in zones with and without changes of their clocks.
func drawRecurrence(t *rapid.T) ablation.Recurrence {
	zones := []string{"Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC"}
	minutes := rapid.SliceOfNDistinct(rapid.IntRange(0, 59), 1, 3, rapid.ID).Draw(t, "minutes")
	hours := rapid.SampledFrom([]string{"*", "*/5", "0-3", "2", "1,2,22", "23"}).Draw(t, "hours")
	days := rapid.SampledFrom([]string{"* * *", "* * 0", "25-31 * 0", "*/2 3,10 *"}).Draw(t, "days")
	return ablation.Recurrence{
		Cron: strings.Trim(strings.ReplaceAll(fmt.Sprint(minutes), " ", ","), "[]") + " " + hours + " " + days,
		Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Missed: rapid.SampledFrom([]string{"skip", "once"}).Draw(t, "missed"),
		Until: rapid.SampledFrom([]string{"", "", "02:30", "08:00"}).Draw(t, "until"),
	}
}

func drawMoment(t *rapid.T, label string) time.Time {
	// Around the changes of 2026, where most goes wrong.
	change := rapid.SampledFrom([]string{"2026-03-08", "2026-03-29", "2026-10-04", "2026-10-25", "2026-11-01"}).Draw(t, label+" change")
	at, err := time.Parse(time.DateOnly, change)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(time.Duration(rapid.IntRange(-3*86400, 2*86400).Draw(t, label)) * time.Second)
}

// TestRecurrence_law: times only rise, wherever one begins to ask; every wall time that the line names on a day when
// clocks don't change is among them, once.
func TestRecurrence_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, from := drawRecurrence(t), drawMoment(t, "from")
		all, err := r.Next(from, 60)
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]bool{}
		z, _ := time.LoadLocation(r.Zone)
		for i, at := range all {
			if !at.After(from) || i > 0 && !at.After(all[i-1]) {
				t.Fatalf("%v follows %v", all[i], all[max(i-1, 0)])
			}
			if wall := at.In(z).Format("2006-01-02 15:04"); shown[wall] {
				t.Fatalf("%s fires twice", wall)
			} else {
				shown[wall] = true
			}
		}
		k := rapid.IntRange(0, 58).Draw(t, "k")
		again, err := r.Next(all[k], 1)
		if err != nil || !again[0].Equal(all[k+1]) {
			t.Fatalf("after %v comes %v, before it was %v", all[k], again, all[k+1])
		}
	})
}

// TestRecurringSweep_Decide_law: however often and late one asks, and whatever is paused meanwhile, every planned time
// is decided on once, in order; at most one fires at a time, and a late one only where missed is once.
func TestRecurringSweep_Decide_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := drawMoment(t, "start")
		r := ablation.RecurringSweep{Name: "nightly", Recurrence: drawRecurrence(t), State: ablation.RecurrenceActive}
		first, err := r.Next(now, 1)
		if err != nil {
			t.Fatal(err)
		}
		r.NextAt = first[0]
		decided := []time.Time{}
		for range rapid.IntRange(1, 30).Draw(t, "ticks") {
			gap := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 4 * time.Minute, time.Hour, 9 * time.Hour, 50 * time.Hour, -time.Hour}).Draw(t, "gap")
			now = now.Add(gap)
			r.State = rapid.SampledFrom([]ablation.RecurrenceState{"active", "active", "active", "paused"}).Draw(t, "state")
			d, err := r.Decide(now)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range d.Passed {
				if want := map[ablation.RecurrenceState]ablation.FiringState{"active": "missed", "paused": "skipped"}[r.State]; f.State != want || f.PlannedAt.After(now) {
					t.Fatalf("passed %+v at %v", f, now)
				}
				decided = append(decided, f.PlannedAt)
			}
			if d.Fire != nil {
				late := now.Sub(*d.Fire)
				closes, bounded, _ := r.Closes(*d.Fire)
				if r.State == ablation.RecurrencePaused || late < 0 || late > ablation.FiringGrace && r.Missed != ablation.MissedOnce || bounded && !now.Before(closes) {
					t.Fatalf("%v fires at %v", d.Fire, now)
				}
				decided = append(decided, *d.Fire)
			}
			r.NextAt = d.NextAt
		}
		want, err := r.Next(first[0].Add(-1), len(decided)+1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:len(decided)], decided); diff != "" || !r.NextAt.Equal(want[len(decided)]) {
			t.Fatalf("next %v\n%s", r.NextAt, diff)
		}
	})
}

func TestRecurringSweep_Decide_long_outage(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	r := ablation.RecurringSweep{Recurrence: ablation.Recurrence{Cron: "* * * * *", Zone: "UTC", Missed: "once"}, State: "active", NextAt: start}
	missed, fired := 0, 0
	for decisions := 0; ; decisions++ {
		d, err := r.Decide(start.Add(48 * time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Passed) == 0 && d.Fire == nil {
			break
		}
		if missed += len(d.Passed); d.Fire != nil {
			fired++
		}
		r.NextAt = d.NextAt
	}
	if missed != 2880 || fired != 1 {
		t.Errorf("%d missed, %d fired; want 2880 and the newest one", missed, fired)
	}
}

// TestRecurringSweep_Decide_moved: where a planned time was stored that isn't one any more, the next one takes its place.
func TestRecurringSweep_Decide_moved(t *testing.T) {
	t.Parallel()
	stored := time.Date(2026, 11, 24, 12, 30, 0, 0, time.UTC)
	r := ablation.RecurringSweep{Recurrence: ablation.Recurrence{Cron: "0 13 * * *", Zone: "UTC", Missed: "once"}, State: "active", NextAt: stored}
	d, err := r.Decide(stored.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ablation.Decision{NextAt: stored.Add(30 * time.Minute)}, d); diff != "" {
		t.Error(diff)
	}
}

func TestBudget_Hours(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		budget    ablation.Budget
		yen, want float64
		used      float64
		over      bool
	}{
		{ablation.Budget{}, 300, 0, 1000, false},
		{ablation.Budget{GPUHours: 8}, 300, 8, 8, true},
		{ablation.Budget{GPUHours: 8}, 300, 8, 7.9, false},
		{ablation.Budget{Yen: 2400}, 300, 8, 8.1, true},
		{ablation.Budget{Yen: 2400, GPUHours: 9}, 300, 8, 8.1, true},
		{ablation.Budget{Yen: 2400, GPUHours: 3}, 300, 3, 3, true},
		{ablation.Budget{Yen: 2400}, 0, 0, 1000, false},
	} {
		if got := tt.budget.Hours(tt.yen); got != tt.want {
			t.Errorf("%+v at %g yen: %g hours, want %g", tt.budget, tt.yen, got, tt.want)
		}
		if got := (ablation.Spending{Budget: tt.budget, DeviceHours: tt.used}).Over(time.Now(), tt.yen); got != tt.over {
			t.Errorf("%+v with %g hours used: over is %v", tt.budget, tt.used, got)
		}
	}
}

// A yen is the price of the device that was used.
func TestSpending_Price(t *testing.T) {
	t.Parallel()
	prices := ablation.Devices{YenPerHour: 300, Kinds: []ablation.Device{{Name: "NVIDIA H100*", YenPerHour: 500}}}
	used := ablation.Spending{Budget: ablation.Budget{Yen: 2600}, DeviceHours: 6, ByDevice: map[string]float64{"NVIDIA H100 PCIe": 4, "AMD EPYC": 2}}
	if price := used.Price(prices); math.Abs(price*used.DeviceHours-2600) > 1e-9 || !used.Over(time.Now(), price) {
		t.Errorf("an hour costs %g yen, and all %g", price, price*used.DeviceHours)
	}
	if used.Budget.Yen++; used.Over(time.Now(), used.Price(prices)) {
		t.Error("over before it is")
	}
	if price := (ablation.Spending{}).Price(prices); price != 300 {
		t.Errorf("of a device that nobody has used yet: %g", price)
	}
}

func TestRecurrence_Words(t *testing.T) {
	t.Parallel()
	for cron, want := range map[string]ablation.Label{
		"0 22 * * *":      {EN: "every day at 22:00", JA: "毎日 22:00"},
		"30 6 * * 1-5":    {EN: "weekdays at 06:30", JA: "平日 06:30"},
		"0 9 * * 0,6":     {EN: "Sat, Sun at 09:00", JA: "毎週 土・日曜 09:00"},
		"0 3 1 * *":       {EN: "day 1 of the month at 03:00", JA: "毎月 1日 03:00"},
		"* * * * *":       {EN: "every minute", JA: "毎分"},
		"*/15 * * * *":    {EN: "every 15 minutes", JA: "15分ごと"},
		"0-59/5 * * * *":  {EN: "every 5 minutes", JA: "5分ごと"},
		"5,35 * * * *":    {EN: "every hour at :05, :35", JA: "毎時 5・35分"},
		"*/7 * * * *":     {},
		"0 * * * *":       {EN: "every hour at :00", JA: "毎時 0分"},
		"5 * * * *":       {EN: "every hour at :05", JA: "毎時 5分"},
		"0 */6 * * *":     {EN: "every day at 00:00, 06:00, 12:00, 18:00", JA: "毎日 00:00・06:00・12:00・18:00"},
		"30 1-23/2 * * *": {EN: "every 2 hours from 01:30", JA: "01:30 から2時間ごと"},
		"0 */5 * * *":     {},
		"0 9-17 * * *":    {},
		"0 9,18 * * 1-5":  {EN: "weekdays at 09:00, 18:00", JA: "平日 09:00・18:00"},
		"0 9 1-31 * 1":    {EN: "every day at 09:00", JA: "毎日 09:00"},
		"0 9 1 * 0-6":     {EN: "every day at 09:00", JA: "毎日 09:00"},
		"* 3 * * *":       {},
		"* * * * 1-5":     {EN: "weekdays, every minute", JA: "平日は毎分"},
		"0 3 1 * 1":       {},
		"0 3 1 1 *":       {},
		"no cron line":    {},
		"0 22 * * 1-7":    {EN: "every day at 22:00", JA: "毎日 22:00"},
		"0 22 1-31 * *":   {EN: "every day at 22:00", JA: "毎日 22:00"},
	} {
		if diff := cmp.Diff(want, ablation.Recurrence{Cron: cron}.Words()); diff != "" {
			t.Errorf("%s: %s", cron, diff)
		}
	}
}

// TestFiring_Why: whoever is told that a firing started nothing is told why, in both languages, unless a person wanted it.
func TestFiring_Why(t *testing.T) {
	refused := ablation.Label{EN: "source ja is gone", JA: "データソース ja がありません"}
	for _, v := range []struct {
		firing ablation.Firing
		en, ja string
	}{
		{ablation.Firing{State: ablation.FiringMissed}, "no haigo serve", "動いていません"},
		{ablation.Firing{State: ablation.FiringSkipped, Reason: ablation.SkippedPrevious}, "still running", "終わっていません"},
		{ablation.Firing{State: ablation.FiringSkipped, Reason: ablation.SkippedRefused, Message: refused}, refused.EN, refused.JA},
	} {
		if why := v.firing.Why(); !strings.Contains(why.EN, v.en) || !strings.Contains(why.JA, v.ja) {
			t.Errorf("of %+v: %+v", v.firing, why)
		}
	}
	if why := (ablation.Firing{State: ablation.FiringSkipped, Reason: ablation.SkippedPaused}).Why(); why != (ablation.Label{}) {
		t.Errorf("of one that was paused: %+v", why)
	}
}
