package httpd_test

import (
	"math"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/postgres"
)

// TestSweep_rounds: the page of a sweep that plans itself says what each round added and why, where it stands, and what to take;
// the API has the rounds.
func TestSweep_rounds(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	document := strings.Split(sweepFile("plans"), "design:")[0]
	s.post("/sweeps", document+"\ndesign: {adaptive: {start: 3, batch: 2, rounds: 1, confirm: 2}}\nseeds: 1\n").want(t, 201, `"kind":"start"`)
	s.get("/sweeps/plans?lang=en").want(t, 200, "How it plans itself", "At most 1 batch of 2 mixtures", "Start is being trained", "The baseline has 2 more seeds")
	for range s.runs("plans") {
		s.learn()
	}
	s.get("/sweeps/plans?lang=en").want(t, 200, "The next round is being worked out")
	s.get("/sweeps/plans/definition?lang=ja").want(t, 200, "新しいシード 2 個で確認")
	was, err := s.store.Sweep(t.Context(), "plans")
	if err != nil || was.State != ablation.SweepRunning {
		t.Fatalf("%s, %v", was.State, err)
	}
	round := ablation.Round{Number: 2, Kind: ablation.RoundVerdict, Reason: ablation.ReasonEnough, Verdict: &ablation.Verdict{
		Take: "start-1", Confirmed: true, Stages: ablation.StagesOf([]string{"web-ja", "web-en"}, [][]float64{{.25, .75}}, []float64{1}),
		Differences: []ablation.FreshDifference{
			{To: was.Schedules[0].Name, Role: ablation.RoleBaseline, Pairs: 2, Mean: -.0123, Half: .004, Result: ablation.FreshBetter},
			{To: "start-2", Role: ablation.RoleBestSeen, Pairs: 1, Mean: .1, Half: ablation.Real(math.NaN()), Result: ablation.FreshUnknown},
			{To: "start-3", Role: ablation.RoleControl, Pairs: 2, Mean: -.02, Half: .004, Result: ablation.FreshBetter},
		},
	}}
	if won, err := s.store.AddRound(t.Context(), postgres.Application{Sweep: was}, round); won || err != nil {
		t.Fatalf("a round of no version was added: %v, %v", won, err)
	}
	if round.Read.Version, err = s.store.SweepVersion(t.Context(), "plans"); err != nil {
		t.Fatal(err)
	}
	if won, err := s.store.AddRound(t.Context(), postgres.Application{Sweep: was}, round); !won || err != nil {
		t.Fatalf("won %v, %v", won, err)
	}
	s.get("/sweeps/plans?lang=en").want(t, 200, "Take web-ja 25% / web-en 75% (start-1).", "−0.012 ± 0.004", "what it may gain is less than the seeds can show", "couldn’t be compared", "(its matched control): −0.020")
	s.get("/sweeps/plans?lang=ja").want(t, 200, "採るべき配合：web-ja 25%", "よりよい結果です", "比べられません")
	s.get("/api/v1/sweeps/plans").want(t, 200, `"state":"completed"`, `"kind":"verdict"`, `"half":"NaN"`)
}
