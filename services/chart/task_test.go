package chart_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// onTask is the demo's two arms, the first right in so many of 400 items, the second in as many as guessing gets.
func onTask(t *testing.T, right float64, task ablation.Task) (chart.Data, []ablation.Curve) {
	t.Helper()
	d := newFixture(t).demo().Data
	d.Tasks = []ablation.Task{task}
	metric := ablation.TaskAccuracy(task.Name)
	var curves []ablation.Curve
	for i, r := range d.Results {
		v := task.Floor()
		if r.Run.Arm == d.Arms[0].Name {
			v = right / 400
		}
		values := map[string]ablation.Real{metric: ablation.Real(v), "bpb/ja": 1, "bpb/en": 1}
		d.Results[i].Values = values
		curves = append(curves, ablation.Curve{RunID: r.Run.ID, Metric: metric, Buckets: []ablation.Bucket{{
			FromStep: 10, ToStep: 10, N: 1, Min: values[metric], Max: values[metric], Last: values[metric], Sum: values[metric],
			MinStep: 10, MaxStep: 10, LastStep: 10,
		}}})
	}
	return d, curves
}

func lines(f chart.Figure) map[any]bool {
	arms := map[any]bool{}
	for _, row := range f.Table.Rows {
		arms[row[0]] = true
	}
	return arms
}

func TestCurve_GuessingIsNoTrend(t *testing.T) {
	t.Parallel()
	task := ablation.Task{Name: "pick", Lang: "en", Items: 400, Chance: .25}
	d, curves := onTask(t, 200, task)
	f, err := chart.Curve(d, "task/pick/accuracy", curves, chart.Frame{})
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(f); !got[d.Arms[0].Name] || got[d.Arms[1].Name] || !strings.Contains(f.Caption.EN, "isn't known to be above chance (25.0%): ") {
		t.Errorf("lines of %v, caption %q", got, f.Caption.EN)
	}
	// The same accuracies against a task where one answer is right half of the time.
	d.Tasks[0].Majority = .5
	f, err = chart.Curve(d, "task/pick/accuracy", curves, chart.Frame{})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines(f)) > 0 || !strings.Contains(f.Empty.EN, "known to be above always giving the most frequent answer (50.0%)") || !strings.Contains(f.Empty.JA, "線を引かない") {
		t.Errorf("lines of %v, empty %q", lines(f), f.Empty.EN)
	}
	for i, drawn := range []bool{true, false} {
		d.Tasks[0].Majority = 0
		run := d.Results[i*len(d.Results)/2].Run
		f, err := chart.RunCurve(d, run, []string{"task/pick/accuracy"}, curves, chart.Frame{})
		if err != nil || (len(lines(f)) > 0) != drawn {
			t.Errorf("run %s of arm %s: lines of %v, %q, %v", run.Name, run.Arm, lines(f), f.Empty.EN, err)
		}
	}
}

func TestAccuracy_AgainstTheMostFrequentAnswer(t *testing.T) {
	t.Parallel()
	d, _ := onTask(t, 200, ablation.Task{Name: "pick", Lang: "ja", Items: 400, Chance: .25, Majority: .5})
	f, err := chart.Accuracy(d, "pick")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.Caption.EN, "The upright line is always giving the most frequent answer (50.0%).") {
		t.Errorf("caption %q", f.Caption.EN)
	}
	for _, v := range f.Series {
		if v.Role == chart.RoleMean && v.Note.EN != "cannot be told\nfrom one answer" {
			t.Errorf("mean %q says %q", v.Label.EN, v.Note.EN)
		}
	}
}

// Arms are told apart on a task only where seeds and items agree.
func TestStatements_Items(t *testing.T) {
	t.Parallel()
	d, _ := onTask(t, 200, ablation.Task{Name: "pick", Lang: "en", Items: 400, Chance: .25})
	base := d.Arms[d.Sweep.Baseline(d.Arms, 1)].Name
	better := func(gain func(item int) float64) string {
		d.Items = nil
		for i, r := range d.Results {
			s := ablation.ItemScores{RunID: r.Run.ID, Task: "pick"}
			var sum float64
			for k := range 60 {
				nats := 10 + float64(k%7) + .001*float64(r.Run.Replicate)
				if r.Run.Arm != base {
					nats -= gain(k)
				}
				sum += nats
				s.Items = append(s.Items, ablation.ItemScore{ID: fmt.Sprint(k), Nats: nats, Bytes: 8, Accuracy: 0, Exact: math.NaN()})
			}
			d.Results[i].Values["task/pick/bpb"] = ablation.Real(sum / math.Ln2 / 480)
			d.Items = append(d.Items, s)
		}
		for _, s := range chart.Statements(d) {
			if text := written(s.Text.EN); strings.HasPrefix(text, "On the answers of pick (60 items") {
				return text
			}
		}
		return ""
	}
	if got := better(func(int) float64 { return 1 }); !strings.Contains(got, " is better than ") {
		t.Errorf("better by a nat on every item: %q", got)
	}
	// One item alone makes the whole difference: seeds agree on it, other items might not.
	if got := better(func(k int) float64 { return max(0, float64(1-k)) * 9 }); !strings.Contains(got, " cannot be told from ") {
		t.Errorf("better by one item: %q", got)
	}
}
