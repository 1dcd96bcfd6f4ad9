package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
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
	Out        string   `help:"With --for: folder for the files, made where it isn't there (default: this one)." default:"." placeholder:"DIR"`
}

// Run writes a sweep's completed runs as the pair of CSVs that haigo fit reads, or a schedule for a training stack.
func (c exportCmd) Run(e *env) error {
	return e.with(func(a *app) error {
		if c.For != "" {
			return c.stack(e, a)
		}
		m, err := a.evidence(e, c.Sweep)
		if err != nil {
			return err
		}
		t := m.Table
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
		for _, flag := range asDecided(m) {
			fmt.Fprint(e.stdout, " ", flag)
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
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("make the folder of the configuration: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(c.Out, f.Name)
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		fmt.Fprintln(e.stdout, path)
	}
	for _, warning := range order.Warnings {
		fmt.Fprintln(e.stderr, "warning:", warning)
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

// asDecided are the flags by which haigo fit decides about the files as the sweep's page does about its runs; none where it does so
// by itself.
func asDecided(m evidence.Evidence) (flags []string) {
	add := func(flag, form string, args ...any) {
		flags = append(flags, flag, shellQuoted(fmt.Sprintf(form, args...)))
	}
	if m.Table.Phases > 1 {
		add("--phases", "%d", m.Table.Phases)
		add("--phase-shares", "%s", joined(m.Shares))
	}
	if obvious := m.Table.Pairs(); !sameElements(obvious, m.Pairs) {
		for _, p := range m.Pairs {
			add("--pair", "%s=%s", p.Source, p.Metric)
		}
	}
	if usual := decision.Mean(m.Table.Metrics); m.Goal.Max || !sameElements(usual.Terms, m.Goal.Terms) {
		add("--objective", "%s", m.Goal)
	}
	for _, source := range m.Table.Sources {
		if low, bound := m.Limits.Least[source]; bound {
			add("--bound", "%s=%g..%g", source, low, m.Limits.Most[source])
		}
		if n := m.Sizes[source]; n > 0 {
			add("--source-tokens", "%s=%.0f", source, n)
		}
	}
	if n := m.Limits.MaxEpochs; n > 0 {
		add("--max-epochs", "%g", n)
	}
	return flags
}

// sameElements compares two lists without doubles, in any order.
func sameElements[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(v T) bool { return !slices.Contains(b, v) })
}

// shellQuoted is a word that a shell takes as it is.
func shellQuoted(word string) string {
	if strings.IndexFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./=,:", r)
	}) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// evidence is what the page of a sweep decides from.
func (a *app) evidence(e *env, name string) (evidence.Evidence, error) {
	var r evidence.Runs
	var err error
	if r.Sweep, err = a.store.Sweep(e.ctx, name); err != nil {
		return evidence.Evidence{}, err
	}
	if r.Arms, err = a.store.Arms(e.ctx, name); err != nil {
		return evidence.Evidence{}, err
	}
	if r.Sources, err = a.store.SweepSources(e.ctx, name); err != nil {
		return evidence.Evidence{}, err
	}
	if r.Tasks, err = a.store.SweepTasks(e.ctx, name); err != nil {
		return evidence.Evidence{}, err
	}
	if r.Results, err = a.store.Results(e.ctx, name); err != nil {
		return evidence.Evidence{}, err
	}
	if r.Plans, err = a.store.RunPlans(e.ctx, name); err != nil {
		return evidence.Evidence{}, err
	}
	return evidence.New(r, evidence.Aim{})
}
