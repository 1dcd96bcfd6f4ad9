package ablation

import (
	"fmt"
	"iter"
	"slices"
	"time"
	_ "time/tzdata" // zones also where the machine has none
)

// Recurrence says when the sweep of a file starts again and again.
type Recurrence struct {
	Cron   string `json:"cron"`            // five fields: minute, hour, day, month, weekday
	Zone   string `json:"zone"`            // IANA name
	Missed string `json:"missed"`          // MissedSkip or MissedOnce
	Until  string `json:"until,omitempty"` // 15:04 in the zone: runs train from a firing to that time; "": until they end
}

// What becomes of a firing whose time passed while nothing could start it.
const (
	MissedSkip = "skip" // it is recorded as missed
	MissedOnce = "once" // the newest one starts late, those before it are recorded as missed
)

// clock is a recurrence's line and zone, read.
func (r Recurrence) clock() (cronLine, *time.Location, error) {
	line, bad := readCron(r.Cron)
	if bad != nil {
		return line, nil, fmt.Errorf("cron line %q: %s", r.Cron, bad.message.EN)
	}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return line, nil, fmt.Errorf("time zone of cron line %q: %w", r.Cron, err)
	}
	return line, zone, nil
}

// After yields the times of firing past t, in UTC, in order, without end. Each wall time that the cron line names is one
// firing: one that clocks pass over when they go forward fires at the moment at which they do, together with any other
// such time, unless the line's hours are a star; one that they show twice when they go back fires the first time only.
func (r Recurrence) After(t time.Time) (iter.Seq[time.Time], error) {
	line, zone, err := r.clock()
	if err != nil {
		return nil, err
	}
	return line.after(t, zone), nil
}

// Next are the first n times of firing past t.
func (r Recurrence) Next(t time.Time, n int) ([]time.Time, error) {
	all, err := r.After(t)
	if err != nil || n == 0 {
		return nil, err
	}
	var out []time.Time
	for at := range all {
		if out = append(out, at); len(out) == n {
			break
		}
	}
	return out, nil
}

// Closes is when the runs of a firing must have left, false where nothing bounds them: the first time after the firing
// at which clocks show Until.
func (r Recurrence) Closes(planned time.Time) (time.Time, bool, error) {
	if r.Until == "" {
		return time.Time{}, false, nil
	}
	until, err := time.Parse("15:04", r.Until)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("end %q of a firing: %w", r.Until, err)
	}
	_, zone, err := r.clock()
	if err != nil {
		return time.Time{}, false, err
	}
	daily := cronLine{minutes: 1 << until.Minute(), hours: 1 << until.Hour(), days: ^numbers(0), months: ^numbers(0), weekdays: ^numbers(0)}
	next, stop := iter.Pull(daily.after(planned, zone))
	defer stop()
	closes, ok := next()
	return closes, ok, nil
}

// stamp is what a firing adds to its sweep's name: the wall time at which it was planned.
const stamp = "-20060102-1504"

// SweepName is the name of the sweep that a firing of name starts: NAME-20261124-2200, in the recurrence's zone.
func (r Recurrence) SweepName(name string, planned time.Time) (string, error) {
	_, zone, err := r.clock()
	if err != nil {
		return "", err
	}
	return name + planned.In(zone).Format(stamp), nil
}

// Zones that stand for the machine's own, which differs from server to server.
var ownZones = []string{"", "Local", "localtime", "posixrules"}

func knownZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && !slices.Contains(ownZones, name)
}
