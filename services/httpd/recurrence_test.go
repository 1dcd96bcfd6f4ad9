package httpd_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
)

// recur registers three files as if a week ago, and lets their clocks go: firings start, are missed, refused and skipped.
// The text must be there.
func (s site) recur() {
	s.Helper()
	now := time.Now().Truncate(time.Hour)
	begin := now.AddDate(0, 0, -3)
	for name, line := range map[string]string{
		"nightly": `cron: "0 22 * * *", missed: once, until: "08:00"`, "weekly": `cron: "0 9 * * 6", zone: Asia/Kolkata, until: "12:00"`, "hourly": `cron: "*/20 6-7 * * *"`,
	} {
		sweep, err := ablation.ParseSweep([]byte(sweepFile(name) + fmt.Sprintf("recurrence: {%s}\nbudget: {gpu_hours: 8, yen: 2400}\n", line)))
		if err != nil {
			s.Fatal(err)
		}
		if name == "weekly" {
			sweep.Document = sweepFile("weekly") + "no: key" // as an older program may have taken it
		}
		if _, err := s.store.PutRecurrence(s.Context(), sweep, begin); err != nil {
			s.Fatal(err)
		}
	}
	clock := orchestrator.Clock{Store: s.store, Sweeper: &orchestrator.Sweeper{Store: s.store, Trainers: trainers{}, RunsAtOnce: 2}, Log: slog.New(slog.DiscardHandler)}
	for at := begin; !at.After(now); at = at.Add(time.Hour) {
		if err := clock.FireOnce(s.Context(), at); err != nil {
			s.Fatal(err)
		}
	}
	if err := s.store.PauseRecurrence(s.Context(), "hourly"); err != nil {
		s.Fatal(err)
	}
}

func TestRecurrences(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.get("/recurrences?lang=ja").want(t, 200, "定期実行はまだありません")
	document := sweepFile("nightly") + "recurrence: {cron: \"0 22 * * *\"}\n"
	if a := s.send("/new", "document", document).want(t, 303); a.Header.Get("Location") != "/recurrences/nightly" {
		t.Errorf("launching leads to %s", a.Header.Get("Location"))
	}
	s.get("/sweeps/nightly").want(t, 404)
	s.get("/recurrences/nightly?lang=ja").want(t, 200, "毎日 22:00", "まだ一度も時刻が来ていません")
	s.get("/new?recurrence=nightly&lang=en").want(t, 200, "0 22 * * *", "Edit the recurrence nightly")
	s.get("/new?recurrence=none").want(t, 404)
	s.get("/new?example=nightly&lang=en").want(t, 200, "name: nightly-2\n", "\n  en: Does the same mixture", `data-path="question/en"`)
	weekly := strings.Replace(document, "* * *", "* * 6", 1)
	s.send("/new/check", "document", weekly, "lang", "en").want(t, 200, "Replaces the recurrence nightly.", `data-launch name="confirm" value="nightly"`)
	s.send("/new/check?lang=ja", "document", sweepFile("nightly")).want(t, 200, "定期実行 nightly はこれで終わり")
	s.send("/new?lang=en", "document", sweepFile("once"), "as", "nightly").want(t, 409, "would end the recurrence nightly (0 22 * * *, Asia/Tokyo)")
	s.send("/new?lang=ja", "document", weekly).want(t, 409, "定期実行 nightly（0 22 * * *、Asia/Tokyo）が置き換わり", `name="confirm" value="nightly">定期実行 nightly を置き換える`)
	s.get("/api/v1/recurrences/nightly").want(t, 200, `"state":"active"`, `"cron":"0 22 * * *"`)
	s.send("/new", "document", weekly, "confirm", "nightly").want(t, 303)
	s.send("/new", "document", document, "confirm", "nightly").want(t, 303)
	s.recur()
	s.get("/recurrences?lang=ja").want(t, 200, `class="strip"`, "毎日 22:00", "22:00–08:00", `12:30–15:30<span class="sub">09:00–12:00 Asia/Kolkata</span>`, "起動後に 1 回だけ実行", "前回がまだ実行中", "2,400円", "再開")
	s.get("/recurrences?lang=en").want(t, 200, "every day at 22:00", "the one before was still running", "¥2,400", "Resume")
	s.send("/recurrences/nightly/pause").want(t, 303)
	s.send("/recurrences/none/pause").want(t, 404)
	s.get("/api/v1/recurrences/nightly").want(t, 200, `"state":"paused"`)
	s.send("/recurrences/nightly/resume").want(t, 303)
	s.send("/recurrences/none/end").want(t, 404)
	s.send("/recurrences/nightly/end").want(t, 303)
	if strings.Contains(s.get("/recurrences").body, `action="/recurrences/nightly/`) {
		t.Error("a recurrence that was ended is still there")
	}
	s.get("/recurrences/nightly?lang=en").want(t, 200, "the one before was still running") // what it did stays
}

// TestNew_recurrence: the form says in words what a cron line says, as far as it can, and shows when it fires.
func TestNew_recurrence(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	once := s.send("/new/check", "document", sweepFile("nightly"), "lang", "en").want(t, 200, `data-part="how"`).body
	if strings.Contains(once, `data-part="time"`) || strings.Contains(once, `class="strip"`) {
		t.Error("a sweep that starts once is asked when, and again")
	}
	for line, parts := range map[string][]string{
		"5 7 * * *":     {`value="day" selected`, `data-part="time" value="07:05"`},
		"30 22 * * 1-5": {`value="weekdays" selected`, `value="22:30"`},
		"0 9 * * 7":     {`value="week" selected`, `data-part="weekday"`, `value="0" selected`},
		"0 9 28 * *":    {`value="month" selected`, `data-part="day" value="28"`},
		"*/20 6 * * *":  {`value="other" selected`},
		"0 9 1 * 1":     {`value="other" selected`},
		"99 9 * * *":    {`value="other" selected`},
		"* * 1-5":       {`value="weekdays" selected`, `data-part="time" value=""`, ">時刻を入力してください</p>"},
		"0 22 * *":      {`value="month" selected`, `data-part="day" value=""`, ">日を入力してください（1〜31）</p>"},
	} {
		text := sweepFile("nightly") + fmt.Sprintf("recurrence: {cron: %q, until: \"8:00\"}\nbudget: {gpu_hours: 8}\n", line)
		page := s.send("/new/check", "document", text).want(t, 200, append(parts, `data-path="recurrence/zone"`, `data-path="budget/gpu_hours"`, `value="08:00"`)...)
		if n := strings.Count(page.body, `class="f"`); n != 10 && len(strings.Fields(line)) == 5 && line != "99 9 * * *" {
			t.Errorf("%s: %d firings on the strip, want 10", line, n)
		}
	}
	for range s.sweep("talk") {
		s.train(ablation.RunCompleted)
	}
	s.get("/recurrences?lang=en").want(t, 200, "/new?from=talk&amp;clock")
	again, err := ablation.ParseSweep([]byte(s.get("/new?from=talk&clock").want(t, 200, "name: talk-2").document(t)))
	if err != nil || again.Recurrence == nil || again.Recurrence.Cron != "0 22 * * *" || again.Recurrence.Zone != "Asia/Tokyo" {
		t.Errorf("what talk repeats as: %v, %+v", err, again.Recurrence)
	}
}

// TestRecurrences_next: one that fires often hides none of the next ten of another, on a page of both and on its own.
func TestRecurrences_next(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	for name, cron := range map[string]string{"nite": "30 7 * * *", "tick": "*/4 * * * *", "yearly": "0 9 1 4 *"} {
		s.post("/sweeps", sweepFile(name)+fmt.Sprintf("recurrence: {cron: %q}\n", cron)).want(t, 201)
	}
	for _, name := range []string{"nite", "tick", "yearly"} {
		body := s.get("/recurrences/"+name).want(t, 200).body
		if drawn, listed := strings.Count(body, `class="f"`), strings.Count(body, " "+name+"</li>"); drawn != 10 || listed != 10 {
			t.Errorf("%s: %d firings on its strip and %d in its list, want 10", name, drawn, listed)
		}
	}
	body := s.get("/recurrences?lang=en").want(t, 200, "beyond the strip").body // some of yearly's
	if drawn, nite := strings.Count(body, `class="f"`), strings.Count(body, " nite</li>"); drawn < 20 || nite != 10 {
		t.Errorf("%d firings on the strip of all, and %d of nite in its list", drawn, nite)
	}
	s.send("/recurrences/nite/pause").want(t, 303)
	s.get("/recurrences/nite?lang=en").want(t, 200, "nite is paused")
}

func TestAPI_recurrences(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.post("/sweeps", sweepFile("nightly")+"recurrence: {cron: \"0 22 * * *\"}\n").want(t, 201, `"created":true`, `"cron":"0 22 * * *"`)
	s.get("/api/v1/recurrences").want(t, 200, `"name":"nightly"`, `"next_at":"`)
	s.get("/api/v1/recurrences/nightly/firings").want(t, 200, `"items":[]`)
	s.get("/api/v1/recurrences/none").want(t, 404)
	s.get("/api/v1/recurrences/none/firings").want(t, 404)
	s.post("/sweeps", sweepFile("nightly")).want(t, 409, "would end the recurrence nightly", "send confirm=nightly")
	weekly := sweepFile("nightly") + "recurrence: {cron: \"0 22 * * 6\"}\n"
	s.post("/sweeps?confirm=other", weekly).want(t, 409, "would replace the recurrence nightly")
	for range 2 {
		s.post("/sweeps?confirm=nightly", weekly).want(t, 200, `"created":false`, `"cron":"0 22 * * 6"`)
	}
	s.post("/recurrences/nightly/pause", "").want(t, 200, `"state":"paused"`)
	s.post("/recurrences/nightly/resume", "").want(t, 200, `"state":"active"`)
	s.recur()
	s.get("/api/v1/recurrences/nightly/firings").want(t, 200, `"state":"fired"`)
}
