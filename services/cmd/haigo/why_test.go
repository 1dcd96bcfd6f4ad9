package main

import (
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestWhy: of every role an arm's line says what made it and what it is for; a run's says which seed it is, and in which round it came.
func TestWhy(t *testing.T) {
	t.Parallel()
	stages := []ablation.Stage{{}}
	s := ablation.Sweep{
		Schedules: []ablation.Schedule{{Name: "half"}, {Name: "late"}, {Name: "next-2"}}, Seeds: []int64{1, 2},
		Rounds: []ablation.Round{
			{Number: 1, Kind: ablation.RoundStart, Arms: []ablation.RoundArm{{Name: "start-1", Role: ablation.RoleExplore, Stages: stages}, {Name: "half", Role: ablation.RoleBaseline, Seeds: []int64{3}}}},
			{Number: 2, Kind: ablation.RoundBatch, Arms: []ablation.RoundArm{
				{Name: "round-2-1", Role: ablation.RoleExplore, Stages: stages, PBetter: .62}, {Name: "round-2-2", Role: ablation.RoleRecommended, Stages: stages},
			}},
			{Number: 3, Kind: ablation.RoundConfirm, Arms: []ablation.RoundArm{
				{Name: "recommended", Role: ablation.RoleRecommended, Stages: stages, Seeds: []int64{4, 5}},
				{Name: "round-2-1", Role: ablation.RoleBestSeen, Seeds: []int64{4, 5}},
				{Name: "recommended-matched", Role: ablation.RoleControl, Stages: stages, Seeds: []int64{4, 5}},
			}},
		},
	}
	o := outcome{sweep: s}
	for _, a := range []ablation.Arm{
		{Name: "half"},
		{Name: "late"},
		{Name: "next-2"},
		{Name: "late-matched", MatchedOf: "late"},
		{Name: "half-ja30", Design: ablation.DesignGrid},
		{Name: "lattice-001", Design: ablation.DesignLattice},
		{Name: "dirichlet-1", Design: ablation.DesignDirichlet},
		{Name: "half-en60", Design: ablation.DesignOneFactor},
		{Name: "start-1", Design: ablation.DesignAdaptive},
		{Name: "round-2-1", Design: ablation.DesignAdaptive},
		{Name: "round-2-2", Design: ablation.DesignAdaptive},
		{Name: "recommended", Design: ablation.DesignAdaptive},
		{Name: "recommended-matched", Design: ablation.DesignAdaptive},
	} {
		a.Index = len(o.arms)
		o.arms = append(o.arms, a)
	}
	arms := map[string]string{
		"half": "listed; the baseline; round 1 (start): seed 3 tells how far seeds spread", "late": "listed", "next-2": "listed, by its name a proposal of the decision page",
		"late-matched": "control of late: the same tokens of each source, without its order", "half-ja30": "grid: one share takes each value asked for",
		"lattice-001": "lattice: every split in equal parts", "dirichlet-1": "random mixture around the file's centre", "half-en60": "one factor: a single share is moved",
		"start-1": "round 1 (start): covers what there is to try", "round-2-2": "round 2 (batch): what the runs so far recommended",
		"round-2-1":           "round 2 (batch): proposed from the runs so far, 62% to beat the best run then; round 3 (confirm): seeds 4, 5 confirm, as the best that had been run",
		"recommended":         "round 3 (confirm): the recommended mixture, which had not been run; seeds 4, 5 confirm",
		"recommended-matched": "round 3 (confirm): the recommended schedule's control, the same tokens of each source without its order; seeds 4, 5 confirm",
	}
	for _, a := range o.arms {
		if got := o.whyArm(a); got != arms[a.Name] {
			t.Errorf("%s is there because %q, want %q", a.Name, got, arms[a.Name])
		}
	}
	for _, x := range []struct {
		arm  int
		seed int64
		want string
	}{
		{0, 2, "listed; replicate 2 of 2"},
		{0, 3, "round 1 (start): tells how far seeds spread"},
		{3, 1, "control of late: the same tokens of each source, without its order; replicate 1 of 2"},
		{9, 2, "round 2 (batch): proposed from the runs so far, 62% to beat the best run then; replicate 2 of 2"},
		{9, 4, "round 3 (confirm): fresh seed, as the best that had been run"},
		{11, 5, "round 3 (confirm): fresh seed, as the recommended mixture"},
	} {
		if got := o.whyRun(o.arms[x.arm], x.seed); got != x.want {
			t.Errorf("%s with seed %d is there because %q, want %q", o.arms[x.arm].Name, x.seed, got, x.want)
		}
	}
	o = outcome{imported: true, arms: o.arms[:1]}
	if got := o.whyArm(o.arms[0]); got != "imported" {
		t.Errorf("an imported run is there because %q", got)
	}
}
