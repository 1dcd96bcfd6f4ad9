package ablation

import (
	"errors"
	"slices"
	"time"
)

// AlertKind says what an alert is about.
type AlertKind string

// Kinds of alerts.
const (
	AlertRunFailed        AlertKind = "run_failed"
	AlertRunDiverged      AlertKind = "run_diverged"
	AlertRunSilent        AlertKind = "run_silent"        // no metrics for a while
	AlertRunRecovered     AlertKind = "run_recovered"     // metrics flow again after that
	AlertSweepFinished    AlertKind = "sweep_finished"    // no run is left to train
	AlertSweepPaused      AlertKind = "sweep_paused"      // its runs fail one after the other
	AlertRecurrenceMissed AlertKind = "recurrence_missed" // a planned time started nothing
	AlertTest             AlertKind = "test"              // a person tries a channel; never raised
)

// AlertKinds are all kinds that a channel may take, in the order of pages.
func AlertKinds() []AlertKind {
	return []AlertKind{
		AlertRunFailed, AlertRunDiverged, AlertRunSilent, AlertRunRecovered, AlertSweepFinished, AlertSweepPaused, AlertRecurrenceMissed,
	}
}

// Alert is something that a person wants to know soon. Its Key is what makes it one: what is raised twice under one key is
// shown and sent once.
type Alert struct {
	ID         int64       `json:"id"`
	Key        string      `json:"-"`
	Kind       AlertKind   `json:"kind"`
	Sweep      string      `json:"sweep,omitempty"`
	Recurrence string      `json:"recurrence,omitempty"` // that the sweep belongs to, or that missed
	RunID      string      `json:"run_id,omitempty"`
	Detail     AlertDetail `json:"detail"`
	At         time.Time   `json:"at"`
}

// AlertDetail is what was known when the alert was raised.
type AlertDetail struct {
	Run       string     `json:"run,omitempty"`        // name
	Message   Label      `json:"message,omitzero"`     // why, in the words of whoever found out
	Attempt   int        `json:"attempt,omitempty"`    // of the run
	Step      int64      `json:"step,omitempty"`       // of the run
	Steps     int64      `json:"steps,omitempty"`      // of the run, in all
	Alive     bool       `json:"alive,omitempty"`      // a silent run's process was seen a moment ago
	Since     *time.Time `json:"since,omitempty"`      // the last metrics of a silent run
	PlannedAt *time.Time `json:"planned_at,omitempty"` // of a missed firing
	Counts    *RunCounts `json:"counts,omitempty"`     // of a finished or paused sweep
}

// ChannelKind is a way to reach people.
type ChannelKind string

// Kinds of channels.
const (
	ChannelMail    ChannelKind = "mail"
	ChannelSlack   ChannelKind = "slack"
	ChannelDiscord ChannelKind = "discord"
	ChannelTeams   ChannelKind = "teams"
	ChannelWebhook ChannelKind = "webhook" // JSON, signed
)

// ChannelKinds are all kinds, in the order of pages.
func ChannelKinds() []ChannelKind {
	return []ChannelKind{ChannelMail, ChannelSlack, ChannelDiscord, ChannelTeams, ChannelWebhook}
}

// Channel is where alerts of some kinds go.
type Channel struct {
	ID     int64       `json:"id"`
	Name   string      `json:"name"`
	Kind   ChannelKind `json:"kind"`
	Sealed []byte      `json:"-"`               // address and signing secret, encrypted
	Hint   string      `json:"hint"`            // what may be shown of the address
	Lang   string      `json:"lang"`            // of its texts: ja or en
	Of     string      `json:"of,omitempty"`    // the sweep or recurrence that it is for; empty: all
	Kinds  []AlertKind `json:"kinds"`           // of alerts that it takes
	Quiet  *Quiet      `json:"quiet,omitempty"` // hours in which nothing is sent

	CreatedAt time.Time  `json:"created_at"`
	SentAt    *time.Time `json:"sent_at,omitempty"` // the last that arrived
	Trouble   Label      `json:"trouble,omitzero"`  // why the last didn't
}

// Quiet is hours of the day on the clocks of a zone; From after To goes past midnight, and the same From and To are refused:
// they would have no end. What falls into them is sent at their end.
type Quiet struct {
	From string `json:"from"` // 22:00
	To   string `json:"to"`   // 07:30
	Zone string `json:"zone"`
}

// Ends is when the quiet hours that now falls into end; false outside of them. Hours that can't be read are none.
func (q *Quiet) Ends(now time.Time) (time.Time, bool) {
	h, err := q.parse()
	if q == nil || err != nil {
		return time.Time{}, false
	}
	now = now.In(h.zone)
	for _, day := range []int{-1, 0} {
		begin, end := clockAt(now, day, h.from), clockAt(now, day, h.to)
		if h.to.Before(h.from) {
			end = clockAt(now, day+1, h.to)
		}
		if !now.Before(begin) && now.Before(end) {
			return end, true
		}
	}
	return time.Time{}, false
}

type quietHours struct {
	zone     *time.Location
	from, to time.Time
}

func (q *Quiet) parse() (h quietHours, err error) {
	if q == nil {
		return h, nil
	}
	var errs [3]error
	h.zone, errs[0] = time.LoadLocation(q.Zone)
	h.from, errs[1] = time.Parse("15:04", q.From)
	h.to, errs[2] = time.Parse("15:04", q.To)
	return h, errors.Join(errs[:]...)
}

// clockAt is a time of day, some days from now.
func clockAt(now time.Time, days int, t time.Time) time.Time {
	return time.Date(now.Year(), now.Month(), now.Day()+days, t.Hour(), t.Minute(), 0, 0, now.Location())
}

// Delivery is an alert on its way through a channel.
type Delivery struct {
	Alert   Alert
	Channel Channel
	Tries   int // with this one
	Late    bool
}

// Trouble is why a delivery didn't arrive, in words that may be shown, logged and kept: they hold no address, no secret and
// nothing that a target answered but the number of its answer.
type Trouble struct{ Words Label }

// Error is the words in English.
func (t *Trouble) Error() string { return t.Words.In("en") }

// TroubleOf is what may be told of an error in sending. Of one that isn't Trouble, that is nothing but that it happened.
func TroubleOf(err error) Label {
	var t *Trouble
	switch {
	case err == nil:
		return Label{}
	case errors.As(err, &t):
		return t.Words
	}
	return say("it could not be sent", "送れませんでした")
}

// Check is *Invalid where the channel can't be kept, with a problem a field.
func (c Channel) Check() error {
	var problems []Problem
	add := func(field string, message Label) {
		problems = append(problems, Problem{Field: field, Message: message})
	}
	if !namePattern.MatchString(c.Name) {
		add("name", say("is no name; give letters, digits, '.', '_' and '-', at most 64, in lower case", "名前には小文字の英数字と . _ - を使い、64 文字以内にしてください"))
	}
	if !slices.Contains(ChannelKinds(), c.Kind) {
		add("kind", say("isn't one of the choices; choose mail, slack, discord, teams or webhook", "mail、slack、discord、teams、webhook から選んでください"))
	}
	if c.Lang != "ja" && c.Lang != "en" {
		add("lang", say("isn't one of the choices; choose ja or en", "ja か en を選んでください"))
	}
	unknown := slices.ContainsFunc(c.Kinds, func(k AlertKind) bool { return !slices.Contains(AlertKinds(), k) })
	if len(c.Kinds) == 0 || unknown {
		add("kinds", say("names no event, or one that isn't known; tick at least one", "送る出来事を一つ以上選んでください"))
	}
	if h, err := c.Quiet.parse(); err != nil {
		add("quiet", say("can't be read; give from and to as 22:00 and a zone such as Asia/Tokyo", "静かな時間は 22:00 のように書き、タイムゾーンは Asia/Tokyo のように書いてください"))
	} else if c.Quiet != nil && h.from.Equal(h.to) {
		add("quiet", say("begin and end are the same, so that nothing would ever be sent; give two times, or none", "開始と終了が同じでは、いつまでも送れません。別の時刻にするか、両方とも空にしてください"))
	}
	if len(problems) > 0 {
		return &Invalid{Problems: problems}
	}
	return nil
}
