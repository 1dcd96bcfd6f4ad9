package ablation

import (
	"fmt"
	"math/bits"
	"strings"
)

// Words say when a recurrence fires: "weekdays at 06:30". They are empty where its cron line says it better.
func (r Recurrence) Words() Label {
	c, bad := readCron(r.Cron)
	if bad != nil || c.minutes.count() != 1 || c.hours.count() != 1 || c.months.count() != 12 {
		return Label{}
	}
	at := fmt.Sprintf("%02d:%02d", c.hours.first(), c.minutes.first())
	everyDay, everyWeekday := c.days.count() == 31, (c.weekdays&weekdays).count() == 7
	switch {
	case everyDay && everyWeekday:
		return say("every day at %s", "毎日 %s", at)
	case everyDay && c.weekdays&weekdays == workdays:
		return say("weekdays at %s", "平日 %s", at)
	case everyDay:
		return say("%s at %s", "毎週 %s %s", c.weekdayNames(), at)
	case everyWeekday && c.days.count() == 1:
		return say("day %d of the month at %s", "毎月 %d日 %s", c.days.first(), at)
	}
	return Label{}
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
