package httpd

import (
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestClockStrip_heads: no two days of a strip have one date, whatever lies between them, and where the year isn't today's
// it is said.
func TestClockStrip_heads(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 13, 0, 0, 0, japan)
	for cron, want := range map[string]map[string][2]string{ // wide, then beside a form
		"15 * * * *": {
			"en": {"Tue 1 Dec today, Wed 2 Dec, Thu 3 Dec", "/Dec/1 //2 //3"},
			"ja": {"12月1日(火) 今日, 12月2日(水), 12月3日(木)", "/12月/1日 //2日 //3日"},
		},
		"0 22 * * *": {
			"en": {"Tue 1 Dec today, Wed 2 Dec, Thu 3 Dec", "/Dec/1 //2 //3"},
			"ja": {"12月1日(火) 今日, 12月2日(水), 12月3日(木)", "/12月/1日 //2日 //3日"},
		},
		"0 9 * * 6": {
			"en": {"Tue 1 Dec today, Sat 5 Dec, Sat 12 Dec, Sat 19 Dec, Sat 26 Dec, Sat 2 Jan 2027", "/Dec/1 //5 //12 //19 //26 2027/Jan/2 //9"},
			"ja": {"12月1日(火) 今日, 12月5日(土), 12月12日(土), 12月19日(土), 12月26日(土), 2027年1月2日(土)", "/12月/1日 //5日 //12日 //19日 //26日 2027/1月/2日 //9日"},
		},
		"0 0 15 * *": {
			"en": {"Tue 1 Dec today, Tue 15 Dec, Fri 15 Jan 2027, Mon 15 Feb 2027", "/Dec/1 //15 2027/Jan/15 /Feb/15 /Mar/15"},
			"ja": {"12月1日(火) 今日, 12月15日(火), 2027年1月15日(金), 2027年2月15日(月)", "/12月/1日 //15日 2027/1月/15日 /2月/15日 /3月/15日"},
		},
		"0 9 1 4 *": {
			"en": {"Tue 1 Dec today, Thu 1 Apr 2027, Sat 1 Apr 2028", "/Dec/1 2027/Apr/1 2028/Apr/1 2029/Apr/1"},
			"ja": {"12月1日(火) 今日, 2027年4月1日(木), 2028年4月1日(土)", "/12月/1日 2027/4月/1日 2028/4月/1日 2029/4月/1日"},
		},
	} {
		for lang, heads := range want {
			strip := stripOf(t, lang, cron, now)
			if got := headsOf(strip, ", "); !strings.HasPrefix(got, heads[0]) {
				t.Errorf("%s %s: %s, want %s", lang, cron, got, heads[0])
			}
			if got := headsOf(strip.slim(), " "); !strings.HasPrefix(got, heads[1]) {
				t.Errorf("%s %s beside a form: %s, want %s", lang, cron, got, heads[1])
			}
			if n := strings.Count(string(strip.slim().draw()), `class="f"`); n != nextShown {
				t.Errorf("%s %s: %d firings drawn", lang, cron, n)
			}
		}
	}
}

func stripOf(t *testing.T, lang, cron string, now time.Time) clockStrip {
	t.Helper()
	all, err := loadWords(lang)
	if err != nil {
		t.Fatal(err)
	}
	times, err := ablation.Recurrence{Cron: cron, Zone: "Asia/Tokyo"}.Next(now, nextShown)
	if err != nil {
		t.Fatal(err)
	}
	row := &recurrenceRow{Mark: clockMark(0, true)}
	var next []nextFiring
	for i, at := range times {
		next = append(next, nextFiring{At: at, Row: row, Of: i + 1})
	}
	return newClockStrip(all, next, now)
}

func headsOf(c clockStrip, between string) string {
	var all []string
	for i := range c.days {
		all = append(all, strings.Join(c.heads(i), "/"))
	}
	return strings.Join(all, between)
}
