package chart_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/chart"
)

// turning is constant mixtures of three sources, and a schedule that turns after a quarter.
const turning = `
name: turning
sources: [web-ja, web-en, misc]
recipe: {shape: {layers: 4, width: 128, heads: 4, ffn: 352}, tokens: 240M, row_tokens: 256, batch_rows: 64}
schedules:
  a: {stages: [{until: 1.0, mixture: {web-ja: 0.57, web-en: 0.23, misc: 0.2}}]}
  b: {stages: [{until: 1.0, mixture: {web-ja: 0.2, web-en: 0.6, misc: 0.2}}]}
  c: {stages: [{until: 1.0, mixture: {web-ja: 0.4, web-en: 0.3, misc: 0.3}}]}
  d: {stages: [{until: 1.0, mixture: {web-ja: 0.3, web-en: 0.5, misc: 0.2}}]}
  turn: {stages: [{until: 0.25, mixture: {web-ja: 0.2, web-en: 0.6, misc: 0.2}}, {until: 1.0, mixture: {web-ja: 0.6, web-en: 0.2, misc: 0.2}}]}
seeds: 1
seed: 1
`

// TestOutlook_schedules: a sweep of three sources has its triangle where schedules are in it, too: they stand apart, at the shares
// of the whole run. Responses draw the law by itself.
func TestOutlook_schedules(t *testing.T) {
	t.Parallel()
	f := fixtureOf(t, turning)
	m, err := evidence.New(evidence.Runs{Sweep: f.Sweep, Arms: f.Arms, Sources: f.Sources, Results: f.Results}, evidence.Aim{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := m.Decide(2)
	if err != nil {
		t.Fatal(err)
	}
	o := chart.Outlook{Data: f.Data, Outlook: found}
	tern, err := chart.OutlookTernary(o)
	if err != nil {
		t.Fatal(err)
	}
	drawn := read(t, tern)
	if n := len(drawn.rows(tern, chart.RoleSeen)); n != 4 {
		t.Errorf("%d constant mixtures are marked", n)
	}
	turned := drawn.rows(tern, chart.RoleTurned)
	if len(turned) != 1 {
		t.Fatalf("schedules are marked at %v", turned)
	}
	third := turned[0][1].(float64) / (math.Sqrt(3) / 2)
	if second := turned[0][0].(float64) - third/2; math.Abs(second-.3) > .001 || math.Abs(third-.2) > .001 {
		t.Errorf("the schedule stands at en %.3f, misc %.3f; of its whole run that is 0.3 and 0.2", second, third)
	}
	if arm := turned[0][2].(float64); tern.Arms[int(arm)].Name != "turn" {
		t.Errorf("the schedule is taken for arm %v", arm)
	}
	response, err := chart.OutlookResponse(o, "web-ja", "")
	if err != nil {
		t.Fatal(err)
	}
	if x := read(t, response).XAxis[0]; !x.round() || math.Abs(x.Min/x.Step-math.Round(x.Min/x.Step)) > 1e-6 {
		t.Errorf("shares are drawn from %v to %v by %v", x.Min, x.Max, x.Step)
	}
	law, line := read(t, response).rows(response, chart.RoleLaw), read(t, response).rows(response, chart.RoleLine)
	if len(law) != len(line) || len(law) == 0 || law[0][0] != line[0][0] {
		t.Errorf("the law has %d points, the prediction %d", len(law), len(line))
	}
	for _, row := range response.Table.Rows {
		if len(row) != len(response.Table.Columns) {
			t.Fatalf("a row of %d cells under %d columns", len(row), len(response.Table.Columns))
		}
	}
}

// TestOutlookResponse_rising: what is better when it is higher has a response of its own, with the law under the curve; of what is the
// same in all runs the caption says that there is no law.
func TestOutlookResponse_rising(t *testing.T) {
	t.Parallel()
	f := fixtureOf(t, turning)
	accuracy, exact := ablation.TaskAccuracy("next-sentence-ja"), ablation.TaskExact("next-sentence-ja")
	for _, r := range f.Results {
		r.Values[exact] = .5
	}
	aim := evidence.Aim{Objective: fmt.Sprintf("min:bpb/ja-0.5*`%s`-0.1*`%s`", accuracy, exact)}
	m, err := evidence.New(evidence.Runs{Sweep: f.Sweep, Arms: f.Arms, Sources: f.Sources, Results: f.Results}, aim)
	if err != nil {
		t.Fatal(err)
	}
	found, err := m.Decide(0)
	if err != nil {
		t.Fatal(err)
	}
	o := chart.Outlook{Data: f.Data, Outlook: found}
	falling, err := chart.OutlookResponse(o, "web-ja", "")
	if err != nil {
		t.Fatal(err)
	}
	rising, err := chart.OutlookResponse(o, "web-ja", accuracy)
	if err != nil {
		t.Fatal(err)
	}
	if falling.ID == rising.ID || falling.Y.Good != "low" || rising.Y.Good != "high" {
		t.Errorf("%s is good where it is %s, %s where it is %s", falling.ID, falling.Y.Good, rising.ID, rising.Y.Good)
	}
	law, line := read(t, rising).rows(rising, chart.RoleLaw), read(t, rising).rows(rising, chart.RoleLine)
	if len(law) == 0 || 2*len(law) != len(line) { // that of two has a law
		t.Errorf("the law has %d points, the predictions %d", len(law), len(line))
	}
	for i, row := range law {
		if v, expected := row[1].(float64), line[i][1].(float64); math.Abs(v-expected) > .2 {
			t.Errorf("at %v the law says %.3f, expected is %.3f", row[0], v, expected)
		}
	}
	for _, want := range []string{"is the same in all runs and has no power law", "the power law is of how far it lies from the best measured"} {
		if !strings.Contains(rising.Caption.EN, want) || strings.Contains(falling.Caption.EN, want) {
			t.Errorf("captions are\n%s\n%s", rising.Caption.EN, falling.Caption.EN)
		}
	}
}
