package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

type exportCmd struct {
	Sweep    string `required:"" help:"The sweep's name." placeholder:"S"`
	Mixtures string `help:"File of mixtures to write (default: S-mixtures.csv)." placeholder:"FILE"`
	Metrics  string `help:"File of metrics to write (default: S-metrics.csv)." placeholder:"FILE"`
}

// Run writes a sweep's completed runs as the pair of CSVs that haigo fit reads.
func (c exportCmd) Run(e *env) error {
	return e.with(func(a *app) error {
		t, shares, err := a.table(e, c.Sweep)
		if err != nil {
			return err
		}
		if len(t.Runs) == 0 {
			return ablation.Conflict("no run of %s has completed; haigo run list %[1]s says how they stand", "%s には完了したランがありません。haigo run list %[1]s で状態を確認できます", c.Sweep)
		}
		if c.Mixtures == "" {
			c.Mixtures = c.Sweep + "-mixtures.csv"
		}
		if c.Metrics == "" {
			c.Metrics = c.Sweep + "-metrics.csv"
		}
		if err := os.WriteFile(c.Mixtures, t.Mixtures(), 0o644); err != nil {
			return fmt.Errorf("write the mixtures: %w", err)
		}
		if err := os.WriteFile(c.Metrics, t.Scores(), 0o644); err != nil {
			return fmt.Errorf("write the metrics: %w", err)
		}
		fmt.Fprintf(e.stdout, "%s, %s: %s; haigo fit --mixtures %[1]s --metrics %[2]s", c.Mixtures, c.Metrics, many(int64(len(t.Runs)), "run"))
		if t.Phases > 1 {
			fmt.Fprintf(e.stdout, " --phases %d --phase-shares %s", t.Phases, joined(shares))
		}
		fmt.Fprintln(e.stdout)
		return nil
	})
}

func joined(shares []float64) string {
	text := make([]string, len(shares))
	for p, s := range shares {
		text[p] = strconv.FormatFloat(s, 'g', 6, 64)
	}
	return strings.Join(text, ",")
}

// table is a sweep's completed runs.
func (a *app) table(e *env, name string) (table.Table, []float64, error) {
	s, err := a.store.Sweep(e.ctx, name)
	if err != nil {
		return table.Table{}, nil, err
	}
	arms, err := a.store.Arms(e.ctx, name)
	if err != nil {
		return table.Table{}, nil, err
	}
	results, err := a.store.Results(e.ctx, name)
	if err != nil {
		return table.Table{}, nil, err
	}
	parameters := map[string]int64{}
	for _, r := range results {
		if r.Run.State != ablation.RunCompleted {
			continue
		}
		plan, err := a.store.RunPlan(e.ctx, r.Run.ID)
		if err != nil {
			return table.Table{}, nil, err
		}
		parameters[r.Run.ID] = plan.Parameters
	}
	t, shares := table.Sweep(s, arms, results, parameters)
	return t, shares, nil
}
