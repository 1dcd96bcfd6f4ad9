package surrogate

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Setup is finished runs, and what is known about them beside their scores.
type Setup struct {
	Table  table.Table
	Pairs  []table.Pair       // which metric is scored on text like which source's
	Shares []float64          // the phases' shares of the tokens; nil: equal
	Tokens float64            // of runs that don't say; 0: not known
	Sizes  map[string]float64 // tokens of each source; left out: not known
	Rising map[string]bool    // by metric: whether it is better when higher, where somebody says so; of the others their names do
}

// Fit is models of every metric over mixtures and schedules. It is safe for concurrent use.
type Fit struct {
	Table table.Table
	Notes []ablation.Label // what the runs don't allow, or what was taken for granted

	space   space
	groups  [][]int // of runs that differ by seed only
	xs      []exposure
	metrics []*metric
	rising  map[string]bool // as in Setup
}

// Fewest is how many mixtures must have been run before anything is said.
const Fewest = 4

// New fits every metric by itself, side by side on all cores; results don't depend on how many there are.
func New(s Setup) (*Fit, error) {
	f, err := prepare(s)
	if err != nil {
		return nil, err
	}
	each(len(f.metrics), func(k int) { f.metrics[k].fit() })
	f.calibrate()
	f.remark()
	return f, nil
}

// prepare gathers what each metric is fitted to.
func prepare(s Setup) (*Fit, error) {
	f := &Fit{Table: s.timed(), rising: s.Rising}
	f.groups = f.Table.Groups()
	if err := f.enough(); err != nil {
		return nil, err
	}
	f.space = newSpace(f.Table, s.Shares, s.Sizes)
	f.order()
	f.thin(mostMixtures)
	f.expose(Repetition)
	f.measured()
	if len(f.Table.Metrics) == 0 {
		return nil, f.nothing()
	}
	f.repetition(s)
	for k, name := range f.Table.Metrics {
		f.metrics = append(f.metrics, f.metric(k, s.own(name)))
	}
	return f, nil
}

// timed is the table with the tokens of runs that don't say.
func (s Setup) timed() table.Table {
	t := s.Table
	t.Runs = slices.Clone(t.Runs)
	for i, r := range t.Runs {
		t.Runs[i].Tokens = cmp.Or(r.Tokens, s.Tokens)
	}
	return t
}

// own are the sources that a metric is paired with.
func (s Setup) own(metric string) []int {
	var out []int
	for _, p := range s.Pairs {
		if j := slices.Index(s.Table.Sources, p.Source); p.Metric == metric && j >= 0 {
			out = append(out, j)
		}
	}
	return out
}

// measured leaves out the metrics that too few mixtures have.
func (f *Fit) measured() {
	var keep []int
	for k, name := range f.Table.Metrics {
		if _, rows := f.values(k); len(rows) >= Fewest {
			keep = append(keep, k)
			continue
		}
		f.note("%s has values at fewer than %d different mixtures and is left out", "%s は %d 種類未満の配合でしか測られていないので除きました", name, Fewest)
	}
	f.Table.Metrics = pick(f.Table.Metrics, keep)
	f.Table.Runs = slices.Clone(f.Table.Runs)
	for i, r := range f.Table.Runs {
		f.Table.Runs[i].Values = pick(r.Values, keep)
	}
}

// Rising reports whether a metric is better when it is higher: as was said, else by its name.
func (f *Fit) Rising(metric string) bool {
	if rising, said := f.rising[metric]; said {
		return rising
	}
	return !analysis.LowerIsBetter(metric)
}

func (f *Fit) note(en, ja string, args ...any) {
	f.Notes = append(f.Notes, ablation.Said(en, ja, args...))
}

func (f *Fit) nothing() error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Message: ablation.Said(
		"no metric has values at %d different mixtures: run more, or look why values are missing",
		"%d 種類以上の配合で測られた指標がありません。ランを増やすか、値が欠けている理由を確かめてください", Fewest)}}}
}

func (f *Fit) enough() error {
	if n := len(f.groups); n < Fewest {
		return &ablation.Invalid{Problems: []ablation.Problem{{Message: ablation.Said(
			"%d different mixtures are too few to say what a ratio does: run at least %d, better two for each source",
			"配合が %d 種類しかなく、比率の効果は分かりません。少なくとも %d 種類、できればデータソースの数の 2 倍を実行してください", n, Fewest)}}}
	}
	return nil
}

// mostMixtures is how many mixtures a fit takes: a process's time grows with their cube.
const mostMixtures = 800

// thin keeps so many mixtures that lie far from each other, all of them where they are no more.
func (f *Fit) thin(most int) {
	if len(f.groups) <= most {
		return
	}
	at := make([][]float64, len(f.groups))
	for i, g := range f.groups {
		at[i] = slices.Concat(f.Table.Runs[g[0]].Shares...)
	}
	f.note("%d different mixtures were run; the %d that cover them best are fitted, and compared with each other and the best that was run, so that time stays in bounds",
		"%d 種類の配合が実行されています。計算時間を抑えるため、全体をよく覆う %d 種類に当てはめ、それらと実測の最良だけを比べます", len(f.groups), most)
	rows := spreadOut(at, most)
	slices.Sort(rows)
	f.groups = pick(f.groups, rows)
}

// order sorts the mixtures, so that nothing depends on the order of runs.
func (f *Fit) order() {
	slices.SortFunc(f.groups, func(a, b []int) int {
		x, y := f.Table.Runs[a[0]], f.Table.Runs[b[0]]
		for p := range x.Shares {
			if c := slices.Compare(x.Shares[p], y.Shares[p]); c != 0 {
				return c
			}
		}
		return slices.Compare([]float64{x.Parameters, x.Tokens}, []float64{y.Parameters, y.Tokens})
	})
}

// each does something n times, on as many cores as there are.
func each(n int, do func(i int)) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// Trust in what is expected of intervals before scores speak, in scores.
const trust = 20.0

// calibrate sets every metric's half width from its own scores, drawn to that of all metrics' scores together.
func (f *Fit) calibrate() {
	f.sized()
	var all []float64
	for _, m := range f.metrics {
		all = append(all, m.scores...)
	}
	together := conformal(all, normal, trust)
	for _, m := range f.metrics {
		m.half = conformal(m.scores, together, trust)
	}
}

// remark says what the runs don't allow.
func (f *Fit) remark() {
	repeats := false
	for _, m := range f.metrics {
		if m.constant {
			f.note("%s is the same in all runs: no mixture changes it", "%s はすべてのランで同じ値です。配合では変わりません", m.name)
		}
		repeats = repeats || m.noise.freedom > 0
	}
	if !repeats {
		f.note("no mixture was run twice: noise between seeds is not known, and counts as part of what the models miss",
			"同じ配合を 2 回以上実行していないので、シードによる揺れが分かりません。モデルの誤差に含めています")
	}
	switch unsized := pick(f.Table.Sources, f.space.unsized()); {
	case len(unsized) == len(f.Table.Sources):
		f.note("sizes of the sources or tokens of the runs are not known: what repetition costs is left out",
			"データソースの大きさかランのトークン数が分からないため、繰り返しによる目減りは考慮していません")
	case len(unsized) > 0:
		f.note("the size of %s is not known: what repeating it costs is left out", "%s の大きさが分からないため、その繰り返しによる目減りは考慮していません", strings.Join(unsized, ", "))
	}
	f.partly("parameters", "パラメータ数", func(r table.Run) float64 { return r.Parameters })
	f.partly("tokens", "トークン数", func(r table.Run) float64 { return r.Tokens })
}

// partly says that a size is known of some runs only, and so of no use.
func (f *Fit) partly(en, ja string, of func(table.Run) float64) {
	known := 0
	for _, r := range f.Table.Runs {
		if of(r) > 0 {
			known++
		}
	}
	if n := len(f.Table.Runs); known > 0 && known < n {
		f.note("%s are known of %d of %d runs: all are taken for runs of one size, until they are known of every run",
			"%s が分かるランは %d 個です (全 %d 個)。すべてのランで分かるまで、同じ規模のランとみなします", ablation.Label{EN: en, JA: ja}, known, n)
	}
}

// Predict says what runs would score, by run and metric.
func (f *Fit) Predict(runs []table.Run) [][]Prediction {
	const most = 256 // at once, so that memory stays in bounds
	xs := f.space.exposures(runs)
	out := make([][]Prediction, len(runs))
	for i := range out {
		out[i] = make([]Prediction, len(f.metrics))
	}
	parts := (len(runs) + most - 1) / most
	each(parts*len(f.metrics), func(i int) {
		k, from := i/parts, i%parts*most
		for j, p := range f.metrics[k].predict(xs[from:min(from+most, len(xs))]) {
			out[from+j][k] = p
		}
	})
	return out
}

// Means are Predict's means, in less time.
func (f *Fit) Means(runs []table.Run) [][]float64 {
	xs := f.space.exposures(runs)
	out := make([][]float64, len(runs))
	each(len(runs), func(i int) {
		out[i] = make([]float64, len(f.metrics))
		for k, m := range f.metrics {
			out[i][k] = m.mean(xs[i])
		}
	})
	return out
}

// Groups are the runs of each mixture that was fitted, as [table.Table.Groups] has them: all unless they are very many.
func (f *Fit) Groups() [][]int {
	out := slices.Clone(f.groups)
	slices.SortFunc(out, func(a, b []int) int { return a[0] - b[0] })
	return out
}

// Epochs are how often a run reads each source, 0 where that isn't known; nil where it is known of none.
func (f *Fit) Epochs(run table.Run) []float64 { return f.space.epochsOf(run) }

// Noise is the standard deviation of single runs of one mixture by metric, as replicates at hand show it, with its degrees
// of freedom. Without replicates it is NaN.
func (f *Fit) Noise(run table.Run) (sd []float64, freedom []int) {
	x := f.space.exposure(run)
	for _, m := range f.metrics {
		sd, freedom = append(sd, m.spread(x)), append(freedom, m.noise.freedom)
	}
	return sd, freedom
}

// Missed is by how much the models miss a mixture that they were fitted without, by metric: the root mean square of its seeds'
// mean minus what was expected, in the metric's unit. Mixtures are left out one by one where they are ten or fewer, else in
// ten parts.
func (f *Fit) Missed() []float64 {
	out := make([]float64, len(f.metrics))
	for k, m := range f.metrics {
		out[k] = m.missed
	}
	return out
}

// Refitted reports whether R* is what the runs say, not what was published: enough of them repeat text.
func (f *Fit) Refitted() bool { return f.space.repeats && f.repeated() >= repeatedRuns }

// Natural is every source by its size; nil where one isn't known.
func (f *Fit) Natural() []float64 {
	sum := 0.0
	for _, size := range f.space.sizes {
		if size <= 0 {
			return nil
		}
		sum += size
	}
	out := slices.Clone(f.space.sizes)
	for j := range out {
		out[j] /= sum
	}
	return out
}

// Own are the sources that each metric is paired with.
func (f *Fit) Own() [][]int {
	out := make([][]int, len(f.metrics))
	for k, m := range f.metrics {
		out[k] = m.own
	}
	return out
}

// Shares are the phases' shares of the tokens.
func (f *Fit) Shares() []float64 { return slices.Clone(f.space.shares) }
