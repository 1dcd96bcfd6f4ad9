package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

type fitCmd struct {
	Mixtures    string    `required:"" help:"CSV of mixtures: an id, then a column a source; phases as phase0_SOURCE, phase1_SOURCE; columns params and tokens may stand beside them. Or as Olmix writes it." placeholder:"FILE"`
	Metrics     string    `required:"" help:"CSV of what the runs scored: the same ids, then a column a metric." placeholder:"FILE"`
	Phases      int       `help:"Phases of each run (default: as the columns say)."`
	Pair        []string  `help:"The source whose text a metric is scored on, as SOURCE=METRIC; again for each pair. Without any, names that agree are paired." placeholder:"S=M" sep:"none"`
	Predict     string    `help:"CSV of mixtures to predict." placeholder:"FILE"`
	Objective   string    "help:\"What to choose by: min: or max: and a sum, as in min:0.5*bpb/ja+0.5*bpb/en; names with other characters in backquotes (default: the mean of all metrics, minimised).\" placeholder:\"EXPR\""
	Propose     int       `help:"Print the next N mixtures to run." placeholder:"N"`
	Front       string    `help:"Let them widen the trade-off of two metrics, as METRIC,METRIC (default: they follow the objective)." placeholder:"M,M"`
	Bound       []string  `help:"From where to where a source's share may go in what is recommended and proposed, as SOURCE=0.1..0.6; again for each (default: as in the runs)." placeholder:"S=LO..HI" sep:"none"`
	MaxEpochs   float64   `name:"max-epochs" help:"How often that may read a source (default: 16)." placeholder:"N"`
	Effect      float64   `help:"Say how many seeds and runs show a difference of this size." placeholder:"X"`
	PhaseShares []float64 `name:"phase-shares" help:"The phases' shares of the tokens, as in 0.8,0.2 (default: equal)." placeholder:"A,B"`
	Tokens      amount    `help:"Tokens of a run, where no column says: 2M, 1.5G." placeholder:"N"`
	Sizes       []string  `name:"source-tokens" help:"Tokens that a source has, as S=N; again for each source. With them epochs count." placeholder:"S=N" sep:"none"`
	Target      amount    `name:"target-tokens" help:"Tokens of the run that is decided about (default: as the runs)." placeholder:"N"`
	Parameters  amount    `name:"target-params" help:"Its parameters (default: those of the largest run)." placeholder:"N"`
	Seed        uint64    `help:"Of what is drawn at random; the same seed gives the same answer."`
	JSON        bool      `name:"json" help:"Print one JSON document."`
}

// amount is a number of tokens, as in 500M or 2G: powers of 1,000.
type amount float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *amount) UnmarshalText(text []byte) error {
	var bytes byteCount
	if err := bytes.UnmarshalText(text); err != nil || bytes <= 0 {
		return fmt.Errorf("%q is no number of tokens; write 500M or 2G", text)
	}
	*n = amount(bytes)
	return nil
}

// Run answers, or ends when it is interrupted: nothing that it does so long has to be finished.
func (c fitCmd) Run(e *env) error {
	done := make(chan error, 1)
	go func() { done <- c.answer(e) }()
	select {
	case err := <-done:
		return cmp.Or(e.ctx.Err(), err)
	case <-e.ctx.Done():
		return e.ctx.Err()
	}
}

func (c fitCmd) answer(e *env) error {
	t, warnings, err := c.table()
	if err != nil {
		return err
	}
	setup, notes, err := c.setup(t)
	if err != nil {
		return err
	}
	warnings = append(warnings, notes...)
	asked, notes, err := c.asked(t)
	if err != nil {
		return err
	}
	warnings = append(warnings, notes...)
	fit, err := surrogate.New(setup)
	if err != nil {
		return err
	}
	warnings = append(warnings, fit.Notes...)
	if c.Objective == "" {
		warnings = append(warnings, minimised(fit.Table.Metrics)...)
	}
	options, err := c.options(fit.Table)
	if err != nil {
		return err
	}
	d := decision.Make(fit, options)
	if d.Beyond && (len(c.Bound) > 0 || c.MaxEpochs > 0) {
		return invalidFlag("--bound", "and --max-epochs leave no mixture near those that were run: loosen them, or run mixtures within them first")
	}
	out := decision.Answer{Decision: d, Fit: fit, Effect: c.Effect, Asked: d.Sized(asked), Warnings: append(warnings, d.Warnings...)}
	if len(asked) > 0 {
		out.Warnings = append(out.Warnings, decision.Outside(fit.Table.Runs, asked)...)
	}
	if c.Propose > 0 {
		out.Proposals = decision.Propose(fit, options, c.Propose)
		out.Warnings = append(out.Warnings, fewer(len(out.Proposals), c.Propose)...)
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(out.Document())
	}
	fitted{out}.print(e.stdout)
	return nil
}

func readFile(path string) (table.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return table.File{}, fmt.Errorf("a table can't be read (%w); give the path of a CSV file", err)
	}
	return table.File{Name: path, Data: data}, nil
}

func (c fitCmd) table() (table.Table, []ablation.Label, error) {
	if c.Phases < 0 {
		return table.Table{}, nil, invalidFlag("--phases", "is below 1; give the number of phases, or leave it out")
	}
	mixtures, err := readFile(c.Mixtures)
	if err != nil {
		return table.Table{}, nil, err
	}
	metrics, err := readFile(c.Metrics)
	if err != nil {
		return table.Table{}, nil, err
	}
	return table.Read(mixtures, metrics, c.Phases)
}

func (c fitCmd) asked(t table.Table) ([]table.Run, []ablation.Label, error) {
	if c.Predict == "" {
		return nil, nil, nil
	}
	file, err := readFile(c.Predict)
	if err != nil {
		return nil, nil, err
	}
	return table.Candidates(file, t)
}

func (c fitCmd) setup(t table.Table) (surrogate.Setup, []ablation.Label, error) {
	s := surrogate.Setup{Table: t, Tokens: float64(c.Tokens), Sizes: map[string]float64{}}
	var notes []ablation.Label
	for _, text := range c.Pair {
		p, err := t.ParsePair(text)
		if err != nil {
			return s, nil, err
		}
		s.Pairs = append(s.Pairs, p)
	}
	if len(c.Pair) == 0 {
		s.Pairs, notes = paired(t)
	}
	for _, text := range c.Sizes {
		i := strings.LastIndex(text, "=")
		var n amount
		if i < 0 || !slices.Contains(t.Sources, text[:i]) || n.UnmarshalText([]byte(text[i+1:])) != nil {
			return s, nil, invalidFlag("--source-tokens", fmt.Sprintf("%s is no source's size: write SOURCE=TOKENS, as in %s=500M; sources are %s", text, t.Sources[0], strings.Join(t.Sources, ", ")))
		}
		s.Sizes[text[:i]] = float64(n)
	}
	var err error
	if c.Objective != "" {
		var goal decision.Objective
		if goal, err = decision.ParseObjective(c.Objective, t.Metrics); err != nil {
			return s, nil, err
		}
		s.Rising = goal.Rising()
	}
	s.Shares, err = c.shares(t.Phases)
	return s, notes, err
}

// options are what is decided by.
func (c fitCmd) options(t table.Table) (o decision.Options, err error) {
	o = decision.Options{Seed: c.Seed, Tokens: float64(c.Target), Parameters: float64(c.Parameters)}
	switch {
	case c.Propose < 0:
		return o, invalidFlag("--propose", "is below 0; say how many mixtures to propose")
	case c.MaxEpochs < 0 || math.IsNaN(c.MaxEpochs):
		return o, invalidFlag("--max-epochs", "must be above 0, as in 4")
	case c.Effect < 0 || math.IsNaN(c.Effect):
		return o, invalidFlag("--effect", "must be above 0, in the metrics' unit, as in 0.01")
	}
	if c.Objective != "" {
		if o.Objective, err = decision.ParseObjective(c.Objective, t.Metrics); err != nil {
			return o, err
		}
	}
	if o.Limits, err = c.limits(t); err != nil || c.Front == "" {
		return o, err
	}
	for i, r := range c.Front {
		if x, y := c.Front[:i], strings.TrimSpace(c.Front[min(i+1, len(c.Front)):]); r == ',' && x != y && slices.Contains(t.Metrics, x) && slices.Contains(t.Metrics, y) {
			o.Front = [2]string{x, y}
			return o, nil
		}
	}
	return o, invalidFlag("--front", c.Front+" names no two metrics: write METRIC,METRIC; metrics are "+strings.Join(t.Metrics, ", "))
}

// limits are the bounds, which must leave a mixture.
func (c fitCmd) limits(t table.Table) (decision.Limits, error) {
	l := decision.Limits{Least: map[string]float64{}, Most: map[string]float64{}, MaxEpochs: c.MaxEpochs}
	for _, text := range c.Bound {
		i := strings.LastIndex(text, "=")
		low, high, ok := strings.Cut(text[i+1:], "..")
		from, wrong := strconv.ParseFloat(low, 64)
		to, wrongToo := strconv.ParseFloat(high, 64)
		if i < 0 || !ok || wrong != nil || wrongToo != nil || !slices.Contains(t.Sources, text[:i]) || !(0 <= from && from <= to && to <= 1) {
			return l, invalidFlag("--bound", fmt.Sprintf("%s bounds no source: write SOURCE=FROM..TO, shares from 0 to 1, as in %s=0.1..0.6; sources are %s", text, t.Sources[0], strings.Join(t.Sources, ", ")))
		}
		l.Least[text[:i]], l.Most[text[:i]] = from, to
	}
	least, most := 0.0, 0.0
	for _, name := range t.Sources {
		least += l.Least[name]
		if high, bound := l.Most[name]; bound {
			most += high
		} else {
			most++
		}
	}
	if least > 1 || most < 1 {
		return l, invalidFlag("--bound", fmt.Sprintf("leaves no mixture: the shares' least sum to %.4g and their most to %.4g; the one must not be above 1, the other not below", least, most))
	}
	return l, nil
}

// fewer says that there were not as many different mixtures to propose as were asked for.
func fewer(found, asked int) []ablation.Label {
	if found >= asked {
		return nil
	}
	return []ablation.Label{ablation.Said("%d of %d mixtures are proposed: no others differ from these and from the runs by half a per cent, near what was run, and promise as much",
		"提案は %d 種類です (指定は %d 種類)。実行した範囲の近くに、これらやランと 0.5%% 以上異なり見込みのある配合はほかにありません", found, asked)}
}

// minimised warns of metrics that are better when higher, by their names, where the mean of all is minimised.
func minimised(metrics []string) []ablation.Label {
	rising := slices.DeleteFunc(slices.Clone(metrics), func(name string) bool { return analysis.LowerIsBetter(name) })
	if len(rising) == 0 {
		return nil
	}
	return []ablation.Label{ablation.Said("by its name %s is better when higher, and the mean of all metrics is minimised: say which way with --objective, as in %s",
		"名前からすると %s は高いほどよい指標ですが、全指標の平均を最小化しています。--objective で向きを指定してください。例: %s", strings.Join(rising, ", "), decision.Objective{Max: true, Terms: []decision.Term{{Metric: rising[0], Weight: 1}}})}
}

// paired are the pairs that names make obvious, and a note that says so.
func paired(t table.Table) ([]table.Pair, []ablation.Label) {
	pairs := t.Pairs()
	if len(pairs) == 0 {
		return nil, []ablation.Label{ablation.Said("no metric is paired with a source: --pair SOURCE=METRIC says on which source's kind of text a metric is scored, and halves the runs that are needed",
			"データソースと組になった指標がありません。--pair データソース=指標 で、指標がどのデータソースと同じ種類のテキストで測られたかを示すと、必要なランが半分ほどになります")}
	}
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.Source + "=" + p.Metric
	}
	return pairs, []ablation.Label{ablation.Said("paired by name: %s; --pair says otherwise", "名前から組にしました: %s。違う場合は --pair で指定してください", strings.Join(names, ", "))}
}

func (c fitCmd) shares(phases int) ([]float64, error) {
	if c.PhaseShares == nil {
		return nil, nil
	}
	if len(c.PhaseShares) != phases {
		return nil, invalidFlag("--phase-shares", fmt.Sprintf("has %d numbers, the runs have %d phases", len(c.PhaseShares), phases))
	}
	sum := 0.0
	for _, s := range c.PhaseShares {
		if !(s > 0) { // NaN isn't
			return nil, invalidFlag("--phase-shares", "has a number that isn't above 0")
		}
		sum += s
	}
	if sum < 0.999 || sum > 1.001 {
		return nil, invalidFlag("--phase-shares", "sums to "+strconv.FormatFloat(sum, 'g', 4, 64)+", not to 1")
	}
	return c.PhaseShares, nil
}
