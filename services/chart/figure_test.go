package chart_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

var update = flag.Bool("update", false, "write golden files")

// golden compares JSON with a file of testdata; a line a point keeps it readable. Numbers may differ in their last digits,
// as other processors round otherwise.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want := stored(t, name, append(bytes.ReplaceAll(got, []byte("],["), []byte("],\n[")), '\n'))
	if diff := cmp.Diff(decoded(t, want), decoded(t, got), cmpopts.EquateApprox(1e-9, 1e-12)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// stored is the golden file's content, or what it becomes with -update.
func stored(t *testing.T, name string, fresh []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// figures draws every kind from the fixture, by the name of its golden file.
func figures(t *testing.T) map[string]chart.Figure {
	t.Helper()
	f := newFixture(t)
	waiting := f
	waiting.Results = nil
	running, trained := f.run("step-s3"), f.run("ja57-s1")
	must := func(f chart.Figure, err error) chart.Figure {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var read []ablation.Curve
	for _, r := range f.Runs {
		read = append(read, f.rows(r)...)
	}
	return map[string]chart.Figure{
		"tradeoff":       must(chart.Tradeoff(f.Data)),
		"tradeoff-demo":  must(chart.Tradeoff(f.demo().Data)),
		"tradeoff-empty": must(chart.Tradeoff(waiting.Data)),
		"curve-ja":       must(chart.Curve(f.Data, "bpb/ja", f.curves, chart.Frame{})),
		"curve-en":       must(chart.Curve(f.Data, "bpb/en", f.curves, chart.Frame{})),
		"curve-empty":    must(chart.Curve(f.Data, "bpb/misc", nil, chart.Frame{})),
		"mixture-ja57":   must(chart.Mixture(f.Data, 0, read)),
		"mixture-step":   must(chart.Mixture(f.Data, 2, read)),
		"mixture-ramp":   must(chart.Mixture(f.Data, 3, read)),
		"accuracy":       must(chart.Accuracy(f.Data, "next-sentence-ja")),
		"run-loss":       must(chart.RunCurve(f.Data, running, []string{"loss"}, []ablation.Curve{f.loss(running)}, chart.Frame{})),
		"run-bpb":        must(chart.RunCurve(f.Data, trained, []string{"bpb/ja", "bpb/en"}, f.curves, chart.Frame{})),
		"run-zoomed":     must(chart.RunCurve(f.Data, running, []string{"loss"}, []ablation.Curve{f.loss(running)}, chart.Frame{From: 6900, To: 7700})),
		"run-mixture":    must(chart.RunMixture(f.Data, running, read)),
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for name, f := range figures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", text)
			means(t, f)
		})
	}
}

// means checks what every figure promises: a meaning for each series, no function, no look, and both languages.
func means(t *testing.T, f chart.Figure) {
	t.Helper()
	var option struct {
		Series []struct {
			Data [][]any `json:"data"`
		} `json:"series"`
	}
	if err := json.Unmarshal(f.Option, &option); err != nil {
		t.Fatal(err)
	}
	if len(option.Series) != len(f.Series) {
		t.Errorf("%d series have %d meanings", len(option.Series), len(f.Series))
	}
	if text, err := json.Marshal(f); err != nil || bytes.Contains(text, []byte("%!")) {
		t.Errorf("a text is not filled in: %v", err)
	}
	for _, word := range []string{"function", "__f__", "olor", "<"} {
		if bytes.Contains(f.Option, []byte(word)) {
			t.Errorf("the option holds %q", word)
		}
	}
	for what, l := range map[string]ablation.Label{"title": f.Title, "description": f.Description} {
		if l.JA == "" || l.EN == "" {
			t.Errorf("%s stands in both languages: %+v", what, l)
		}
	}
	for i, row := range f.Table.Rows {
		if len(row) != len(f.Table.Columns) {
			t.Errorf("row %d has %d cells of %d", i, len(row), len(f.Table.Columns))
		}
	}
	if (len(f.Table.Rows) == 0) != (f.Empty.In("en") != "") {
		t.Errorf("an empty figure, and only that, says why: %q", f.Empty.In("en"))
	}
}

func TestFigure_CSV(t *testing.T) {
	t.Parallel()
	f := figures(t)
	for name, f := range f {
		rows, err := csv.NewReader(strings.NewReader(f.CSV())).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(rows) != len(f.Table.Rows)+1 {
			t.Errorf("%s: got %d lines for %d points", name, len(rows), len(f.Table.Rows))
		}
	}
	if !strings.Contains(f["run-loss"].CSV(), "Infinity") {
		t.Error("a value that isn't finite is missing")
	}
	odd := chart.Figure{Table: chart.Table{Columns: []chart.Column{{Key: "arm"}, {Key: "v"}}, Rows: [][]any{{"=1+1", ablation.Real(.1)}}}}
	if got, want := odd.CSV(), "arm,v\r\n'=1+1,0.1\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	waiting, one := f, f.demo()
	waiting.Results = nil
	one.Results = nil
	for _, r := range f.demo().Results {
		if r.Run.Replicate == 1 {
			one.Results = append(one.Results, r)
		}
	}
	var b strings.Builder
	for _, part := range []struct {
		name string
		data chart.Data
	}{{"three seeds, six arms", f.Data}, {"two seeds, two arms", f.demo().Data}, {"one seed", one.Data}, {"none", waiting.Data}} {
		b.WriteString("# " + part.name + "\n")
		for _, s := range chart.Statements(part.data) {
			b.WriteString(written(s.Text.JA) + "\n" + written(s.Text.EN) + "\n")
		}
	}
	if diff := cmp.Diff(string(stored(t, "statements.txt", []byte(b.String()))), b.String()); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
}

// written marks the strong pieces as people do in plain text.
func written(spans []chart.Span) string {
	var b strings.Builder
	for _, s := range spans {
		if s.Strong {
			b.WriteString("*" + s.Text + "*")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestSentence_storedBefore(t *testing.T) {
	t.Parallel()
	want := chart.Sentence{JA: []chart.Span{{Text: "差は "}, {Text: "+0.1", Strong: true}}, EN: []chart.Span{{Text: "off"}}}
	for name, stored := range map[string]string{
		"keys of old shares": `{"JA":[{"Text":"差は ","Strong":false},{"Text":"+0.1","Strong":true}],"EN":[{"Text":"off","Strong":false}]}`,
		"keys as they are":   `{"ja":[{"text":"差は "},{"text":"+0.1","strong":true}],"en":[{"text":"off"}]}`,
	} {
		var got chart.Sentence
		if err := json.Unmarshal([]byte(stored), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, err := json.Marshal(want); err != nil || !strings.Contains(string(got), `{"text":"+0.1","strong":true}`) {
		t.Errorf("written as %s, %v", got, err)
	}
}

// TestTradeoff_oneValueMissing: a seed with one value that isn't finite counts on neither axis, and is named.
func TestTradeoff_oneValueMissing(t *testing.T) {
	t.Parallel()
	for word, bad := range map[string]float64{"-Infinity": math.Inf(-1), "": math.NaN()} {
		d := newFixture(t).demo().Data
		for i, r := range d.Results {
			if d.Results[i].Values = maps.Clone(r.Values); r.Run.Name == "ja57-s2" {
				d.Results[i].Values["bpb/ja"] = ablation.Real(bad)
			}
		}
		f, err := chart.Tradeoff(d)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(f.CSV())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		points := map[string][]string{}
		for _, row := range rows[1:] {
			points[strings.Join(row[:3], " ")] = row
		}
		seed, mean, left := points["ja57 seed 1"], points["ja57 mean "], points["ja57 left 2"]
		if mean == nil || mean[3] != "1" || mean[4] != seed[4] || mean[8] != seed[8] || mean[5] != "" || mean[9] != "" {
			t.Errorf("the mean %v is not that of the one whole seed %v", mean, seed)
		}
		if left == nil || left[4] != word || left[8] == "" {
			t.Errorf("the seed left out stands as %v, want %q for Japanese", left, word)
		}
		if other := points["ja33 mean "]; other[3] != "2" || other[5] == "" || other[9] == "" {
			t.Errorf("the other arm's mean is %v", other)
		}
		for lang, caption := range map[string]string{"ja": f.Caption.JA, "en": f.Caption.EN} {
			if !strings.Contains(caption, "ja57-s2") {
				t.Errorf("the %s caption doesn't name the run: %s", lang, caption)
			}
		}
		if strings.Contains(f.CSV(), "NaN") {
			t.Errorf("a bare NaN:\n%s", f.CSV())
		}
		for _, s := range chart.Statements(d) {
			if s.JA != nil && (s.JA.N != 1 || s.EN.N != 1) {
				t.Errorf("a difference of %d and %d pairs, want the one whole pair", s.JA.N, s.EN.N)
			}
		}
	}
}

// A frame shows what lies in it and the next points on either side, so that lines run up to its edges.
func TestCurve_frame(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const from, to = 100e6, 110e6
	whole, err := chart.Curve(f.Data, "bpb/ja", f.curves, chart.Frame{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := chart.Curve(f.Data, "bpb/ja", f.curves, chart.Frame{From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	all, seen := lineOf(t, whole, 0), lineOf(t, part, 0)
	i := slices.IndexFunc(all, func(x float64) bool { return x >= from })
	j := slices.IndexFunc(all, func(x float64) bool { return x > to })
	if diff := cmp.Diff(all[i-1:j+1], seen); diff != "" || len(seen) < 3 {
		t.Errorf("points of the frame (-want +got):\n%s", diff)
	}
	var axes struct {
		XAxis []struct{ Min, Max float64 } `json:"xAxis"`
	}
	if err := json.Unmarshal(part.Option, &axes); err != nil || axes.XAxis[0].Min != from || axes.XAxis[0].Max != to {
		t.Errorf("axis from %g to %g, %v; want the frame's", axes.XAxis[0].Min, axes.XAxis[0].Max, err)
	}
	empty, err := chart.Curve(f.Data, "bpb/ja", f.curves, chart.Frame{From: 1e9})
	if err != nil || len(lineOf(t, empty, 0)) != 1 {
		t.Errorf("a frame past the end shows %d points, %v; want the last", len(lineOf(t, empty, 0)), err)
	}
}

// lineOf are the places of an arm's line.
func lineOf(t *testing.T, f chart.Figure, arm int) (places []float64) {
	t.Helper()
	var option struct {
		Series []struct{ Data [][]any } `json:"series"`
	}
	if err := json.Unmarshal(f.Option, &option); err != nil {
		t.Fatal(err)
	}
	for i, s := range f.Series {
		if s.Role == chart.RoleLine && s.Arm != nil && *s.Arm == arm {
			for _, row := range option.Series[i].Data {
				places = append(places, row[0].(float64))
			}
		}
	}
	return places
}
