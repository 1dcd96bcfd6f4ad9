package alert

import (
	"net/url"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Message is an alert in words, of one language.
type Message struct {
	Subject string
	Lines   []string
	URL     string   // of the page that shows more
	Log     []string // the run's last words
}

// japan is the zone of times in texts, as on the pages.
var japan = time.FixedZone("JST", 9*3600)

// What texts may hold, in characters: chat programs take few, Discord 2,000 in all.
const (
	maxLine = 300
	maxLog  = 800
)

// Compose says an alert in lang. base is what addresses of pages begin with; log is the end of the run's log, of which the
// last lines are told that a chat program takes.
func Compose(a ablation.Alert, lang, base string, late bool, log []string) Message {
	m := Message{Subject: "[Haigo] " + subject(a).In(lang), URL: base + path(a), Log: lastLines(log)}
	for _, l := range facts(a, late) {
		if text := l.In(lang); text != "" {
			m.Lines = append(m.Lines, clip(text))
		}
	}
	return m
}

func lastLines(log []string) []string {
	room := maxLog
	for i := len(log) - 1; i >= 0; i-- {
		room -= len([]rune(clip(log[i])))
		if room < 0 {
			log = log[i+1:]
			break
		}
	}
	kept := make([]string, len(log))
	for i, line := range log {
		kept[i] = clip(line)
	}
	return kept
}

// clip cuts a long line, and of one that a progress bar wrote anew again and again it keeps what was seen last.
func clip(line string) string {
	line = strings.TrimRight(line, "\r")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	if r := []rune(line); len(r) > maxLine {
		return string(r[:maxLine]) + "…"
	}
	return line
}

// Text is the message without its subject.
func (m Message) Text() string {
	parts := append([]string{}, m.Lines...)
	parts = append(parts, "", m.URL)
	if len(m.Log) > 0 {
		parts = append(parts, "", strings.Join(m.Log, "\n"))
	}
	return strings.Join(parts, "\n")
}

func path(a ablation.Alert) string {
	switch {
	case a.RunID != "":
		return "/runs/" + url.PathEscape(a.RunID)
	case a.Sweep != "":
		return "/sweeps/" + url.PathEscape(a.Sweep)
	case a.Recurrence != "":
		return "/recurrences/" + url.PathEscape(a.Recurrence)
	}
	return "/alerts"
}

func subject(a ablation.Alert) ablation.Label {
	run := a.Sweep + " / " + a.Detail.Run
	switch a.Kind {
	case ablation.AlertRunFailed:
		return say("ラン失敗: %s", "Run failed: %s", run)
	case ablation.AlertRunDiverged:
		return say("ラン発散: %s", "Run diverged: %s", run)
	case ablation.AlertRunSilent:
		return say("メトリクスが届きません: %s", "No metrics: %s", run)
	case ablation.AlertRunRecovered:
		return say("メトリクスが再び届いています: %s", "Metrics flow again: %s", run)
	case ablation.AlertSweepFinished:
		return say("スイープ終了: %s", "Sweep finished: %s", a.Sweep)
	case ablation.AlertSweepPaused:
		return say("失敗が続いたため一時停止: %s", "Paused after repeated failures: %s", a.Sweep)
	case ablation.AlertRecurrenceMissed:
		return say("定期実行されませんでした: %s", "Recurrence did not start: %s", a.Recurrence)
	}
	return say("テスト送信", "Test")
}

func facts(a ablation.Alert, late bool) []ablation.Label {
	d := a.Detail
	out := []ablation.Label{when(a, late), d.Message}
	if d.Steps > 0 {
		out = append(out, say("ステップ %d / %d、%d 回目の実行", "step %d of %d, attempt %d", d.Step, d.Steps, d.Attempt))
	}
	switch {
	case a.Kind == ablation.AlertRunSilent && d.Since != nil && d.Alive:
		out = append(out, say("%s から点が届いていません。プロセスは動いているので、止めていません。", "Nothing since %s. Its process is alive, so it was left running.", stamp(*d.Since)))
	case a.Kind == ablation.AlertRunSilent && d.Since != nil:
		out = append(out, say("%s から点が届かず、プロセスも観測できません。学習は続いている可能性があり、止めていません。",
			"Nothing since %s, and its process can't be observed. It may train on; nothing was stopped.", stamp(*d.Since)))
	case d.PlannedAt != nil:
		out = append(out, say("予定は %s でした。", "It was planned for %s.", stamp(*d.PlannedAt)))
	case d.Counts != nil:
		out = append(out, say("完了 %d、停止 %d、発散 %d、失敗 %d、待機 %d", "%d completed, %d stopped, %d diverged, %d failed, %d queued",
			d.Counts.Completed, d.Counts.Stopped, d.Counts.Diverged, d.Counts.Failed, d.Counts.Queued))
	case a.Kind == ablation.AlertTest:
		out = append(out, say("この通知先は使えます。", "This channel works."))
	}
	return out
}

func when(a ablation.Alert, late bool) ablation.Label {
	if late {
		return say("%s の出来事（遅れて送信）", "At %s (sent late)", stamp(a.At))
	}
	return say("%s", "At %s", stamp(a.At))
}

func stamp(t time.Time) string { return t.In(japan).Format("2006-01-02 15:04 JST") }

func say(ja, en string, args ...any) ablation.Label {
	return ablation.Said(en, ja, args...)
}
