package ablation

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Words say when a recurrence fires: "weekdays at 06:30", "every 15 minutes". They are empty where its cron line says it better.
func (r Recurrence) Words() Label {
	c, bad := readCron(r.Cron)
	if bad != nil || c.months.count() != 12 {
		return Label{}
	}
	days, at, often := c.dayNames(), c.times(), c.often()
	switch {
	case days == (Label{}):
		return Label{}
	case at != (Label{}):
		return say("%s at %s", "%s %s", days, at)
	case often == (Label{}) || days == daily:
		return often
	}
	return say("%s, %s", "%sは%s", days, often)
}

var daily = Label{EN: "every day", JA: "毎日"}

// dayNames are the days of any month that the line names; empty where they have no short name.
func (c cronLine) dayNames() Label {
	everyDay, everyWeekday := c.days.count() == 31, c.weekdays&weekdays == weekdays
	switch {
	case everyDay && everyWeekday, c.either && (everyDay || everyWeekday): // where either is enough, a whole one names every day
		return daily
	case c.either:
		return Label{}
	case everyDay && c.weekdays&weekdays == workdays:
		return Label{EN: "weekdays", JA: "平日"}
	case everyDay:
		names := c.weekdayNames()
		return say("%s", "毎週 %s", names)
	case everyWeekday && c.days.count() == 1:
		return say("day %d of the month", "毎月 %d日", c.days.first())
	}
	return Label{}
}

// most is how many times or minutes are listed one by one.
const most = 4

// times are a day's, where they are few and of one minute.
func (c cronLine) times() Label {
	if c.minutes.count() != 1 || c.hours.count() > most {
		return Label{}
	}
	var all []string
	for hour := range 24 {
		if c.hours.has(hour) {
			all = append(all, fmt.Sprintf("%02d:%02d", hour, c.minutes.first()))
		}
	}
	return Label{EN: strings.Join(all, ", "), JA: strings.Join(all, "・")}
}

// often says how minutes or hours follow each other all day.
func (c cronLine) often() Label {
	every, start := c.minutes.step(60), c.minutes.first()
	if c.hours.count() < 24 {
		if every = c.hours.step(24); every == 0 || c.minutes.count() != 1 {
			return Label{}
		}
		return say("every %d hours from %s", "%[2]s から%[1]d時間ごと", every, fmt.Sprintf("%02d:%02d", c.hours.first(), start))
	}
	switch {
	case every == 1:
		return Label{EN: "every minute", JA: "毎分"}
	case every > 1 && every < 60 && start == 0:
		return say("every %d minutes", "%d分ごと", every)
	case c.minutes.count() > most:
		return Label{}
	}
	var en, ja []string
	for minute := range 60 {
		if c.minutes.has(minute) {
			en, ja = append(en, fmt.Sprintf(":%02d", minute)), append(ja, strconv.Itoa(minute))
		}
	}
	return say("every hour at %s", "毎時 %s分", Label{EN: strings.Join(en, ", "), JA: strings.Join(ja, "・")})
}

// step is how far apart numbers of a circle of span lie; 0 where that varies.
func (n numbers) step(span int) int {
	if n.count() == 0 || span%n.count() != 0 {
		return 0
	}
	step := span / n.count()
	for i := n.first(); i < span; i += step {
		if !n.has(i) {
			return 0
		}
	}
	return step
}

const (
	weekdays numbers = 1<<7 - 1
	workdays numbers = 0b0111110
)

func (n numbers) count() int { return bits.OnesCount64(uint64(n)) }

func (n numbers) first() int { return bits.TrailingZeros64(uint64(n)) }

// weekdayNames are those that the line names, Monday first.
func (c cronLine) weekdayNames() Label {
	var en, ja []string
	for day := 1; day <= 7; day++ {
		if c.weekdays.has(day % 7) {
			en = append(en, []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}[day%7])
			ja = append(ja, []string{"日", "月", "火", "水", "木", "金", "土"}[day%7])
		}
	}
	return Label{EN: strings.Join(en, ", "), JA: strings.Join(ja, "・") + "曜"}
}
