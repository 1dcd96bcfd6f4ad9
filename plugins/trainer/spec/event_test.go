package spec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// bodies is one event of every type, reals that aren't finite among them.
func bodies() []spec.Body {
	nan, inf := spec.Real(math.NaN()), spec.Real(math.Inf(1))
	return []spec.Body{
		spec.Started{Trainer: spec.Program{Name: "cpu", Version: "1"}, Device: "Xeon <&>", Devices: 8, PeakFLOPs: 9.89e14, ISA: "avx2", Threads: 2},
		spec.Plan{
			Rows: map[string]int64{"web-ja": 90}, PlanSHA256: "ab", BlockSHA256: []string{"ab"}, Parameters: 9,
			FLOPsPerToken: 5.2e6, UnigramNats: 4.25,
		},
		spec.Metrics{Step: 1, Tokens: 128, Values: map[string]spec.Real{"loss": 5.5450313, "grad_norm": nan, "lr": 5e-324, "tokens_per_s": inf}},
		spec.Scores{Step: 1, Tokens: 128, Values: map[string]spec.Real{"bpb/ja": -inf, "task/next/accuracy": 0.1}, Items: "items.jsonl"},
		spec.Usage{Step: 1, Rows: map[string]int64{"web-ja": 4, "web-en": math.MaxInt64}},
		spec.Saved{Step: 1, Path: "../checkpoints/step-000000001-a0001", Bytes: 12, ManifestSHA256: "cd"},
		spec.LogLine{Level: "warn", Text: "配合\n"},
		spec.Finished{Outcome: spec.OutcomeCompleted, Step: 1, Reason: "", Retriable: false},
	}
}

func TestEvent_roundTrip(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 3, 4, 5, 678, time.FixedZone("JST", 9*3600))
	for i, b := range bodies() {
		want := spec.NewEvent(spec.Header{Seq: int64(i) + 1, Attempt: 2, Segment: 1, Time: at}, b)
		line, err := want.MarshalLine()
		if err != nil || strings.Count(string(line), "\n") != 1 {
			t.Fatalf("%v: %q", err, line)
		}
		got, err := spec.DecodeEvent(line)
		want.Time = at.UTC()
		if diff := cmp.Diff(want, got, sameBits(), cmpopts.IgnoreFields(spec.Event{}, "Raw")); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", line, err, diff)
		}
		if string(got.Raw)+"\n" != string(line) {
			t.Errorf("raw is %q, want %q", got.Raw, line)
		}
	}
}

func TestDecodeEvent_refuses(t *testing.T) {
	t.Parallel()
	const head = `{"seq":1,"type":"usage","attempt":1,"segment":0,"time":"2026-11-24T00:00:00Z",`
	for _, v := range []struct{ name, line, want string }{
		{"an unknown type", strings.Replace(head, "usage", "heartbeat", 1) + `"step":1}`, `unknown event type "heartbeat"`},
		{"an unknown field", head + `"step":1,"rows":{},"rank":0}`, "rank: unknown field; remove it, or check its spelling"},
		{"a missing field", head + `"rows":{}}`, "step: is missing"},
		{"another type's field", head + `"step":1,"rows":{},"values":{}}`, "values: unknown field; remove it, or check its spelling"},
		{"a fraction of a row", head + `"step":1,"rows":{"web-ja":0.5}}`, "rows.web-ja: want a whole number, got 0.5"},
		{"seq 0", strings.Replace(head, `"seq":1`, `"seq":0`, 1) + `"step":1,"rows":{}}`, "seq: is 0; events count from 1"},
		{"no time", strings.Replace(head, "2026-11-24T00:00:00Z", "", 1) + `"step":1,"rows":{}}`, "time: "},
		{"half a line", head, "the text isn't one JSON value: line 1: unexpected end of JSON input"},
		{"no object", `[1]`, `unknown event type ""`},
		{"nothing", ``, "the text isn't one JSON value: line 1: unexpected end of JSON input"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			_, err := spec.DecodeEvent([]byte(v.line))
			if err == nil || !strings.HasPrefix(err.Error(), v.want) {
				t.Errorf("got %v, want %s", err, v.want)
			}
		})
	}
}

// Reals that aren't finite may stand without quotes, where a real stands.
func TestDecodeEvent_bareReals(t *testing.T) {
	t.Parallel()
	const head = `{"seq":1,"type":"metrics","attempt":1,"segment":0,"time":"2026-11-24T00:00:00Z","tokens":1,`
	e, err := spec.DecodeEvent([]byte(head + `"step":1,"values":{"loss": NaN,"lr":-Infinity,"a/NaN":"Infinity","of \"NaN":Infinity}}`))
	nan, inf := spec.Real(math.NaN()), spec.Real(math.Inf(1))
	want := &spec.Metrics{Step: 1, Tokens: 1, Values: map[string]spec.Real{"loss": nan, "lr": -inf, "a/NaN": inf, `of "NaN`: inf}}
	if diff := cmp.Diff(want, e.Metrics, sameBits()); err != nil || diff != "" || !json.Valid(e.Raw) {
		t.Errorf("%v, raw %s (-want +got):\n%s", err, e.Raw, diff)
	}
	_, err = spec.DecodeEvent([]byte(head + `"step":NaN,"values":{}}`))
	if err == nil || err.Error() != `step: want a whole number, got "NaN"` {
		t.Errorf("a step that is none: %v", err)
	}
}

// A last line without its newline counts once nobody writes any more, if it is a whole event; logs hide no end.
func TestTail_over(t *testing.T) {
	t.Parallel()
	const head = `{"seq":2,"type":"finished","attempt":3,"segment":0,"time":"2026-11-24T00:00:00Z",`
	const whole = head + `"outcome":"completed","step":1,"reason":"","retriable":false}`
	for _, v := range []struct {
		name, text string
		over       bool
		want       int
		last       string // outcome
	}{
		{"while it may be written on", whole, false, 0, "completed"},
		{"a whole event", whole, true, 1, "completed"},
		{"half an event", whole[:len(whole)-9], true, 0, ""},
		{"a log behind it", whole + "\n" + strings.NewReplacer(`"seq":2`, `"seq":3`, "finished", "log").Replace(head) + `"level":"info","text":"bye"}`, true, 2, "completed"},
	} {
		dir := t.TempDir()
		writeAll(t, dir, spec.Started{})
		tail := &spec.Tail{Path: filepath.Join(dir, spec.EventsFile), Over: v.over}
		if lines, err := tail.Read(1); len(lines) != 1 || err != nil {
			t.Fatalf("%s: %d lines, %v", v.name, len(lines), err)
		}
		appendText(t, tail.Path, v.text)
		if lines, err := tail.Read(10); len(lines) != v.want || err != nil {
			t.Errorf("%s: %d lines, %v; want %d", v.name, len(lines), err, v.want)
		}
		if lines, err := tail.Read(10); len(lines) != 0 || err != nil {
			t.Errorf("%s: again %d lines, %v", v.name, len(lines), err)
		}
		if last, err := spec.LastEvent(tail.Path); err != nil || v.last != "" && (last.Finished == nil || last.Finished.Outcome != v.last) {
			t.Errorf("%s: the last event is %+v, %v", v.name, last, err)
		}
	}
}

// Every line that breaks a rule is damage, with file and line, and what to mend in both languages.
func TestTail_rules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	for _, v := range []struct{ name, kind, body, want string }{
		{"a step before the first", "metrics", `"step":-1,"tokens":0,"values":{}`, "step: is -1; give 0 or more"},
		{"tokens too few", "scores", `"step":1,"tokens":-9,"values":{}`, "tokens: is -9; give 0 or more"},
		{"a metric with a NUL", "metrics", `"step":1,"tokens":1,"values":{"a\u0000b":1}`, `values: "a\x00b" is no name; a name here has 1 to 256 bytes and no control characters`},
		{"a metric without a name", "metrics", `"step":1,"tokens":1,"values":{"":1}`, `values: "" is no name; a name here has 1 to 256 bytes and no control characters`},
		{"an endless name", "scores", `"step":1,"tokens":1,"values":{"` + long + `":1}`, `values: "` + long[:40] + `…" is no name; a name here has 1 to 256 bytes and no control characters`},
		{"a source with a NUL", "plan", `"rows":{"ja\u0000":1},"plan_sha256":"","block_sha256":[],"parameters":1,"flops_per_token":1,"unigram_nats":1`, `rows: "ja\x00" is no name; a name here has 1 to 64 bytes and no control characters`},
		{"rows less than none", "usage", `"step":1,"rows":{"ja":-4}`, "rows.ja: is -4; give 0 or more"},
		{"a digest with a NUL", "plan", `"rows":{},"plan_sha256":"a","block_sha256":["\u0000"],"parameters":1,"flops_per_token":1,"unigram_nats":1`, `block_sha256: is "\x00"; give 0 to 4096 bytes, none of them NUL`},
		{"parameters less than none", "plan", `"rows":{},"plan_sha256":"","block_sha256":[],"parameters":-1,"flops_per_token":1,"unigram_nats":1`, "parameters: is -1; give 0 or more"},
		{"a checkpoint before the first step", "checkpoint", `"step":-1,"path":"a","bytes":1,"manifest_sha256":""`, "step: is -1; give 0 or more"},
		{"a checkpoint smaller than nothing", "checkpoint", `"step":1,"path":"a","bytes":-5,"manifest_sha256":""`, "bytes: is -5; give 0 or more"},
		{"a checkpoint nowhere", "checkpoint", `"step":1,"path":"","bytes":5,"manifest_sha256":""`, `path: is ""; give 1 to 4096 bytes, none of them NUL`},
		{"a path with a NUL", "scores", `"step":1,"tokens":1,"values":{},"items":"a\u0000"`, `items: is "a\x00"; give 0 to 4096 bytes, none of them NUL`},
		{"threads beyond number", "started", `"trainer":{"name":"a","version":"1"},"device":"d","isa":"","threads":1000000000000,"resumed_from":null,"spec_sha256":""`, "threads: is 1000000000000; give 0 to 2147483647"},
		{"resumed before the beginning", "started", `"trainer":{"name":"a","version":"1"},"device":"d","isa":"","threads":1,"resumed_from":-5,"spec_sha256":""`, "resumed_from: is -5; give 0 or more"},
		{"a device without end", "started", `"trainer":{"name":"a","version":"1"},"device":"` + long + `","isa":"","threads":1,"resumed_from":null,"spec_sha256":""`, `device: is "` + long[:40] + `…"; give 0 to 4096 bytes, none of them NUL`},
		{"an end of its own", "finished", `"outcome":"success","step":1,"reason":"","retriable":false`, `outcome: is "success"; give completed, stopped, diverged or failed`},
		{"the same segment again", "started", `"trainer":{"name":"a","version":"1"},"device":"d","isa":"","threads":1,"resumed_from":null,"spec_sha256":""`, "started: segment 0 began already; the next to begin is 1"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeAll(t, dir, spec.Started{}, spec.LogLine{Level: "info"})
			refused(t, dir, v.kind, v.body, v.want)
		})
	}
	t.Run("a step after the end", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		writeAll(t, dir, spec.Started{}, spec.Finished{Outcome: spec.OutcomeCompleted})
		refused(t, dir, "metrics", `"step":1,"tokens":1,"values":{}`, "metrics after finished, which ends an attempt")
	})
	for _, v := range []struct{ kind, body string }{
		{"metrics", `"step":1,"tokens":1,"values":{}`},
		{"scores", `"step":1,"tokens":1,"values":{}`},
		{"usage", `"step":1,"rows":{}`},
		{"checkpoint", `"step":1,"path":"a","bytes":1,"manifest_sha256":""`},
	} {
		t.Run(v.kind+" before started", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeAll(t, dir, spec.LogLine{Level: "info"}, spec.LogLine{Level: "info"})
			refused(t, dir, v.kind, v.body, v.kind+" before any started event; say started first")
		})
	}
}

// refused appends a third event to a file, and checks what is said of it.
func refused(t *testing.T, dir, kind, body, want string) {
	t.Helper()
	tail := &spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}
	appendText(t, tail.Path, `{"seq":3,"type":"`+kind+`","attempt":3,"segment":0,"time":"2026-11-24T00:00:00Z",`+body+"}\n")
	lines, err := tail.Read(10)
	if damaged := (*spec.Damaged)(nil); len(lines) != 2 || !errors.As(err, &damaged) || err.Error() != "events.jsonl:3: "+want {
		t.Errorf("got %d lines and %v, want 2 and %s", len(lines), err, want)
	}
	if ja := spec.InJapanese(err); !strings.HasPrefix(ja, "events.jsonl:3: ") || ja == err.Error() {
		t.Errorf("in Japanese it is %q", ja)
	}
}

func TestEventWriter_numbersAndContinues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, spec.EventsFile)
	writeAll(t, dir, bodies()...)
	// A runner killed inside a write leaves a torn line, which the next part of the attempt must not build on.
	appendText(t, path, `{"seq":9,"type":"log"`)
	w := writeAll(t, dir, spec.LogLine{Level: "info", Text: "part two"})
	if w.Segment() != 1 {
		t.Errorf("segment is %d, want 1", w.Segment())
	}
	tail := &spec.Tail{Path: path}
	lines, err := tail.Read(100)
	if err != nil || len(lines) != len(bodies())+1 {
		t.Fatalf("%v, %d lines", err, len(lines))
	}
	for i, line := range lines {
		if line.Seq != int64(i)+1 || line.Attempt != 3 || line.Segment != i/len(bodies()) {
			t.Errorf("line %d: %+v", i, line.Header)
		}
	}
}

func TestTail_readsOnFromAnyCursor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tail := &spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}
	if lines, err := tail.Read(10); err != nil || lines != nil {
		t.Fatalf("before the file exists: %v, %v", lines, err)
	}
	writeAll(t, dir, bodies()...)
	all, err := tail.Read(100)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range all {
		rest, err := (&spec.Tail{Path: tail.Path, Cursor: line.After}).Read(1)
		want := all[i+1 : min(i+2, len(all))]
		if diff := cmp.Diff(append([]spec.Line{}, want...), append([]spec.Line{}, rest...), sameBits()); err != nil || diff != "" {
			t.Errorf("after line %d: %v (-want +got):\n%s", i+1, err, diff)
		}
	}
	appendText(t, tail.Path, `{"seq":9,`)
	if lines, err := tail.Read(10); err != nil || len(lines) != 0 {
		t.Errorf("torn line: %v, %v", lines, err)
	}
	appendText(t, tail.Path, `"type":"log","attempt":3,"segment":0,"time":"2026-11-24T00:00:00Z","level":"info","text":"whole"}`+"\n")
	if lines, err := tail.Read(10); err != nil || len(lines) != 1 || lines[0].Log.Text != "whole" {
		t.Errorf("whole line: %v, %v", lines, err)
	}
}

func TestTail_damage(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ name, text, want string }{
		{"not JSON", "x\n", "events.jsonl:3: the text isn't one JSON value"},
		{"a number left out", "{\"seq\":4,\"type\":\"log\",\"attempt\":3,\"segment\":0,\"time\":\"2026-11-24T00:00:00Z\",\"level\":\"info\",\"text\":\"\"}\n", "events.jsonl:3: seq is 4, want 3"},
		{"zeros of a crashed disk", "\x00\x00\x00\n", "events.jsonl:3: the text isn't one JSON value"},
		{"an endless line", strings.Repeat("x", 17<<20), "events.jsonl:3: longer than 16777216 bytes"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeAll(t, dir, spec.LogLine{Level: "info"}, spec.LogLine{Level: "info"})
			tail := &spec.Tail{Path: filepath.Join(dir, spec.EventsFile)}
			appendText(t, tail.Path, v.text)
			lines, err := tail.Read(10)
			damaged := (*spec.Damaged)(nil)
			if len(lines) != 2 || !errors.As(err, &damaged) || !strings.HasPrefix(strings.TrimPrefix(err.Error(), dir+"/"), v.want) {
				t.Errorf("got %d lines and %v, want 2 and %s", len(lines), err, v.want)
			}
			if _, again := tail.Read(10); again == nil || again.Error() != err.Error() {
				t.Errorf("the second read says %v, the first %v", again, err)
			}
		})
	}
	t.Run("lines that are repeated", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		writeAll(t, dir, spec.LogLine{Level: "info", Text: "one"}, spec.LogLine{Level: "info"}, spec.LogLine{Level: "info"})
		path := filepath.Join(dir, spec.EventsFile)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		line := bytes.SplitAfter(content, []byte("\n"))
		again := bytes.Join([][]byte{line[0], line[0], line[1], line[0], line[1], line[2], line[2]}, nil)
		if err := os.WriteFile(path, append(again, "x\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
		tail := &spec.Tail{Path: path}
		lines, err := tail.Read(10)
		if len(lines) != 3 || lines[0].Seq != 1 || lines[2].Seq != 3 || err == nil || !strings.HasPrefix(err.Error(), "events.jsonl:8: ") {
			t.Errorf("got %d events and %v, want three and what is wrong with the eighth line", len(lines), err)
		}
	})
	t.Run("a shrunken file", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		writeAll(t, dir, spec.LogLine{Level: "info"})
		tail := &spec.Tail{Path: filepath.Join(dir, spec.EventsFile), Cursor: spec.Cursor{Offset: 1 << 20, Seq: 9}}
		if _, err := tail.Read(1); !errors.Is(err, spec.ErrCut) || !strings.Contains(err.Error(), "fewer than the 1048576 already read") {
			t.Errorf("got %v", err)
		}
		if err := os.Remove(tail.Path); err != nil {
			t.Fatal(err)
		}
		if _, err := tail.Read(1); !errors.Is(err, spec.ErrCut) {
			t.Errorf("gone: %v", err)
		}
	})
}

// sameBits tells NaN from a number and -0 from 0.
func sameBits() cmp.Option {
	return cmp.Comparer(func(a, b spec.Real) bool { return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) })
}

func writeAll(t *testing.T, dir string, bodies ...spec.Body) *spec.EventWriter {
	t.Helper()
	w, err := spec.OpenEvents(dir, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bodies {
		if err := w.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// FuzzDecodeEvent holds the scanners against encoding/json: no text makes them panic, and what they accept says the same.
func FuzzDecodeEvent(f *testing.F) {
	for i, b := range bodies() {
		e := spec.NewEvent(spec.Header{Seq: int64(i) + 1, Attempt: 2}, b)
		line, err := e.MarshalLine()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(" {\"s\\u0065q\" : 1 ,\r\n\"type\":\"log\",\"attempt\":1,\"segment\":0,\"time\":\"2026-11-24T00:00:00Z\",\"level\":\"\\\"}\",\"text\":\"[{\"} "))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := spec.DecodeEvent(line)
		if err != nil {
			return
		}
		var want spec.Header
		if err := json.Unmarshal(got.Raw, &want); err != nil {
			t.Fatalf("accepted %q: %v", line, err)
		}
		want.Time = want.Time.UTC()
		if diff := cmp.Diff(want, got.Header); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	})
}

func BenchmarkDecodeEvent(b *testing.B) {
	values := map[string]spec.Real{"loss": 5.5450313, "grad_norm": 1.25, "lr": 0.0029971, "tokens_per_s": 33021.5}
	e := spec.NewEvent(spec.Header{Seq: 1, Attempt: 1, Time: time.Unix(0, 0)}, spec.Metrics{Step: 9, Tokens: 1 << 20, Values: values})
	line, err := e.MarshalLine()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := spec.DecodeEvent(line); err != nil {
			b.Fatal(err)
		}
	}
}
