package chart_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// TestRunCurve_manySpikes: of more spikes than are circled the caption counts the others.
func TestRunCurve_manySpikes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.Runs[0]
	c := ablation.Curve{RunID: run.ID, Metric: ablation.MetricLoss}
	for i := range int64(80) {
		high := ablation.Real(3.01)
		if i%10 == 5 { // eight times
			high = ablation.Real(3.5 + .01*float64(i))
		}
		c.Buckets = append(c.Buckets, ablation.Bucket{FromStep: 10*i + 1, ToStep: 10*i + 10, N: 10, Min: 2.99, Max: high, Sum: 30})
	}
	for frame, want := range map[chart.Frame]string{{}: "3 more spikes have no circle", {From: 1, To: 300}: ""} {
		figure, err := chart.RunCurve(f.Data, run, []string{"loss"}, []ablation.Curve{c}, frame)
		if err != nil || !strings.Contains(figure.Caption.EN, want) || want == "" && strings.Contains(figure.Caption.EN, "no circle") {
			t.Errorf("%v: %v, caption %q; want %q", frame, err, figure.Caption.EN, want)
		}
	}
}

// TestRunCurve_blowsUp: a run whose last stretch shoots up has a mark there, and the caption counts what leaves the frame; a loss
// that falls to its end has neither.
func TestRunCurve_blowsUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.Runs[0]
	for name, last := range map[string]ablation.Real{"falls": 0, "blows up": 40} {
		c := ablation.Curve{RunID: run.ID, Metric: ablation.MetricLoss}
		for i := range int64(20) {
			mean := 3 - .01*float64(i)
			c.Buckets = append(c.Buckets, ablation.Bucket{FromStep: 10*i + 1, ToStep: 10*i + 10, N: 10, Min: ablation.Real(mean - .01), Max: ablation.Real(mean + .01), Sum: ablation.Real(10 * mean)})
		}
		c.Buckets[19].Max += last
		figure, err := chart.RunCurve(f.Data, run, []string{"loss"}, []ablation.Curve{c}, chart.Frame{})
		if err != nil {
			t.Fatal(err)
		}
		marks := 0
		for _, s := range figure.Series {
			if s.Role == chart.RoleSpike {
				marks++
			}
		}
		told := strings.Contains(figure.Caption.EN, "One point leaves the frame")
		if blown := last > 0; told != blown || marks != map[bool]int{true: 1}[blown] || !json.Valid(figure.Option) {
			t.Errorf("%s: %d series of spikes, caption %q", name, marks, figure.Caption.EN)
		}
	}
}
