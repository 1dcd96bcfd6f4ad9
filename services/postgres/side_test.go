package postgres_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestSides holds what a comparison reads at once to what is read of each sweep alone.
func TestSides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(application("a", 3, 2, 1000))
	w.apply(application("b", 1, 2, 1000))
	s := w.training()
	b := s.begin(nil, append(losses(1, 3), ablation.Point{Metric: ablation.BPB("ja"), Step: 3, Value: 2})...)
	b.Plan = &ablation.RunPlan{Rows: map[string]int64{"ja": 7}, FLOPsPerToken: 6}
	s.send(b)
	sides, err := w.Sides(t.Context(), []string{"b/arm0", "nothing/here", "a/arm0"}, []string{"a-arm2-2", "nobody"})
	w.must(err)
	var names []string
	for _, side := range sides {
		names = append(names, side.Name())
		for _, r := range side.Results {
			names = append(names, r.Run.ID)
		}
		results, err := w.Results(t.Context(), side.Sweep.Name)
		w.must(err)
		for _, r := range side.Results {
			if !contains(results, r) {
				t.Errorf("result %+v isn't what the sweep's results say", r)
			}
		}
		arms, err := w.Arms(t.Context(), side.Sweep.Name)
		w.must(err)
		if diff := cmp.Diff(arms, side.Arms); diff != "" {
			t.Errorf("arms of %s (-alone +at once):\n%s", side.Sweep.Name, diff)
		}
		sweep, err := w.Sweep(t.Context(), side.Sweep.Name)
		w.must(err)
		if diff := cmp.Diff(sweep, side.Sweep); diff != "" {
			t.Errorf("sweep %s (-alone +at once):\n%s", side.Sweep.Name, diff)
		}
	}
	want := "b/arm0 b-arm0-1 b-arm0-2 a/arm0 a-arm0-1 a-arm0-2 a/arm2 a-arm2-2"
	if diff := cmp.Diff(want, strings.Join(names, " ")); diff != "" {
		t.Errorf("sides and their runs (-want +got):\n%s", diff)
	}
	first := sides[1].Results[0].Run.ID
	if sides[1].FLOPsPerToken() != 6 || sides[1].Plans[first].Rows["ja"] != 7 || len(sides[1].Segments[first]) != 1 || sides[0].FLOPsPerToken() != 0 {
		t.Errorf("plans %+v, segments %+v", sides[1].Plans, sides[1].Segments)
	}
}

func contains(results []ablation.Result, r ablation.Result) bool {
	for _, o := range results {
		if cmp.Equal(o, r, sameBits) {
			return true
		}
	}
	return false
}

func TestFindArms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := application("nightly-1", 2, 1, 10)
	old.Arms[0].Label, old.Arms[1].Label = ablation.Label{JA: "日本語ﾗﾝﾌﾟ", EN: "Ramp"}, ablation.Label{}
	w.apply(old)
	w.apply(application("talk", 1, 2, 10))
	tests := []struct{ text, want string }{
		{"", "talk/arm0 nightly-1/arm0 nightly-1/arm1"},
		{"NIGHT １", "nightly-1/arm0 nightly-1/arm1"},
		{"日本語 らんぷ", "nightly-1/arm0"},
		{"talk/arm0", "talk/arm0"},
		{"arm0-s2", "talk/arm0"},
		{"100%_", ""},
		{"か 腕", "talk/arm0"},
	}
	for _, tt := range tests {
		found, err := w.FindArms(t.Context(), tt.text, 10)
		w.must(err)
		var names []string
		for _, f := range found {
			names = append(names, f.Sweep+"/"+f.Arm)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("found %q for %q, want %q", got, tt.text, tt.want)
		}
	}
	found, err := w.FindArms(t.Context(), "らんぷ", 1)
	w.must(err)
	if len(found) != 1 || found[0].Runs != 1 || found[0].Completed != 0 || found[0].Label.EN != "Ramp" {
		t.Errorf("found %+v", found)
	}
}
