package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/stack"
)

type exportCmd struct {
	Sweep      string   `required:"" help:"The sweep's name." placeholder:"S"`
	Mixtures   string   `help:"File of mixtures to write (default: S-mixtures.csv)." placeholder:"FILE"`
	Metrics    string   `help:"File of metrics to write (default: S-metrics.csv)." placeholder:"FILE"`
	For        string   `help:"Write a mixture or schedule as configuration of a training stack instead: megatron, neox, llm-foundry, olmo or levanter." placeholder:"STACK"`
	Arm        string   `help:"With --for: the arm to write (default: what the sweep's decision recommends)." placeholder:"ARM"`
	Objective  string   "help:\"With --for: what to decide by, as haigo fit takes it (default: held-out text of all languages alike).\" placeholder:\"EXPR\""
	Target     amount   `name:"target-tokens" help:"With --for: tokens of the run that is decided about, as haigo fit takes them." placeholder:"N"`
	Parameters amount   `name:"target-params" help:"With --for: its parameters." placeholder:"N"`
	Tokens     amount   `help:"With --for: tokens of the big run (default: 100G)." placeholder:"N"`
	RowTokens  int64    `help:"With --for: length of its sequences (default: 4096)." placeholder:"N"`
	BatchRows  int64    `help:"With --for: sequences of its global batch (default: 1024)." placeholder:"N"`
	Path       []string `help:"With --for: where the stack finds a source, as SOURCE=PATH; again for each." placeholder:"S=PATH" sep:"none"`
	Sizes      []string `name:"source-tokens" help:"With --for: tokens that a source has there, as SOURCE=N; again for each." placeholder:"S=N" sep:"none"`
	Documents  []string `name:"document-tokens" help:"With --for llm-foundry: mean tokens of a source's samples where these are documents, as SOURCE=N; again for each." placeholder:"S=N" sep:"none"`
	Out        string   `help:"With --for: folder for the files (default: this one)." default:"." placeholder:"DIR"`
}

// Run writes a sweep's completed runs as the pair of CSVs that haigo fit reads, or a schedule for a training stack.
func (c exportCmd) Run(e *env) error {
	return e.with(func(a *app) error {
		if c.For != "" {
			return c.stack(e, a)
		}
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

// stack writes a schedule as configuration of a training stack.
func (c exportCmd) stack(e *env, a *app) error {
	q := httpd.OrderRequest{
		Sweep: c.Sweep, Arm: c.Arm, Objective: c.Objective, TargetTokens: float64(c.Target), TargetParameters: float64(c.Parameters), Tokens: int64(c.Tokens), RowTokens: c.RowTokens, BatchRows: c.BatchRows, Paths: map[string]string{},
	}
	for _, text := range c.Path {
		name, path, ok := strings.Cut(text, "=")
		if !ok {
			return invalidFlag("--path", text+" names no source: write SOURCE=PATH, as in ja=/data/ja_text_document")
		}
		q.Paths[name] = path
	}
	var err error
	if q.Sizes, err = amounts("--source-tokens", "ja=57G", c.Sizes); err != nil {
		return err
	}
	if q.Documents, err = amounts("--document-tokens", "ja=1200", c.Documents); err != nil {
		return err
	}
	if len(q.Documents) > 0 && c.For != "llm-foundry" {
		return invalidFlag("--document-tokens", "is for llm-foundry alone: "+c.For+" counts whole sequences or tokens")
	}
	order, err := httpd.Order(e.ctx, a.store, q)
	if err != nil {
		return err
	}
	if err := known(order, q); err != nil {
		return err
	}
	files, err := stack.Write(c.For, order)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(c.Out, f.Name)
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		fmt.Fprintln(e.stdout, path)
	}
	return nil
}

// amounts reads numbers of tokens by source.
func amounts(flag, example string, texts []string) (map[string]float64, error) {
	out := map[string]float64{}
	for _, text := range texts {
		name, size, _ := strings.Cut(text, "=")
		var n amount
		if n.UnmarshalText([]byte(size)) != nil {
			return nil, invalidFlag(flag, text+" says no number of tokens: write SOURCE=TOKENS, as in "+example)
		}
		out[name] = float64(n)
	}
	return out, nil
}

// known refuses paths and sizes of what is no source of the sweep.
func known(o stack.Order, q httpd.OrderRequest) error {
	names := make([]string, len(o.Sources))
	for i, s := range o.Sources {
		names[i] = s.Name
	}
	for flag, given := range map[string][]string{"--path": slices.Collect(maps.Keys(q.Paths)), "--source-tokens": slices.Collect(maps.Keys(q.Sizes)), "--document-tokens": slices.Collect(maps.Keys(q.Documents))} {
		for _, name := range given {
			if !slices.Contains(names, name) {
				return invalidFlag(flag, name+" is no source of the sweep; sources are "+strings.Join(names, ", "))
			}
		}
	}
	return nil
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
	plans, err := a.store.RunPlans(e.ctx, name)
	if err != nil {
		return table.Table{}, nil, err
	}
	parameters := map[string]int64{}
	for run, plan := range plans {
		parameters[run] = plan.Parameters
	}
	t, shares := table.Sweep(s, arms, results, parameters)
	return t, shares, nil
}
