package httpd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/postgres"
)

// Sharer puts charts behind links. It is how pages, the API and the command line make shares.
type Sharer struct {
	Store   *postgres.Store
	Version string // of the program
}

// frozen is what a share keeps of its chart: the figure, byte for byte, and what the page around it says.
type frozen struct {
	Figure  json.RawMessage    `json:"figure"`
	Asks    ablation.Label     `json:"asks,omitzero"`    // what heads its page unless somebody asks better; none in old shares
	Sweeps  []string           `json:"sweeps,omitempty"` // where they may be several; none: the share's own
	Says    []chart.Sentence   `json:"says"`
	Seeds   []int64            `json:"seeds"`
	Arms    []frozenArm        `json:"arms"`
	Sources []ablation.Source  `json:"sources"`
	Counts  ablation.RunCounts `json:"counts"`
	Recipe  ablation.Recipe    `json:"recipe"`
	Lengths []int64            `json:"lengths,omitempty"` // of finished runs, in tokens; none in old shares: the recipe's
	Models  []ablation.Shape   `json:"models,omitempty"`  // likewise
	DataAt  time.Time          `json:"data_at,omitzero"`  // of the newest event that is in it; zero in old shares
	Look    *look              `json:"look,omitempty"`    // by which parts of it are read finer; nil: there are no finer ones
}

// heading is what a share is headed with in a language: what its owner wrote, whichever language that is in, unless it is what the
// form offered.
func (f frozen) heading(written, lang string) string {
	if written == f.Asks.JA || written == f.Asks.EN {
		return f.Asks.In(lang)
	}
	return written
}

// headed is a share whose question is its heading in a language; as it was written, where its chart can't be read.
func headed(v ablation.Share, lang string) (ablation.Share, frozen) {
	var kept frozen
	if json.Unmarshal(v.Chart, &kept) == nil {
		v.Question = kept.heading(v.Question, lang)
	}
	return v, kept
}

func (f frozen) lengths() []int64 {
	if len(f.Lengths) == 0 {
		return []int64{f.Recipe.Steps() * f.Recipe.TokensPerStep()}
	}
	return f.Lengths
}

func (f frozen) models() []ablation.Shape {
	if len(f.Models) == 0 {
		return []ablation.Shape{f.Recipe.Shape}
	}
	return f.Models
}

// captioned is what a figure says of itself.
type captioned struct {
	Title, Subtitle, Caption ablation.Label
	Kind                     chart.Kind
	Heads                    []json.RawMessage
	Series                   []json.RawMessage
}

// size is the class of a figure's room: a matrix has that of its rows, and of its columns where they are many.
func (c captioned) size() string {
	if c.Kind != chart.KindMatrix {
		return ""
	}
	size := "cells"
	for _, rows := range []int{6, 12, 18} {
		if len(c.Series) > rows {
			size = fmt.Sprintf("cells over-%d", rows)
		}
	}
	if len(c.Heads) > 5 {
		size += " broad"
	}
	return size
}

func (f frozen) says() (n captioned, err error) {
	err = json.Unmarshal(f.Figure, &n)
	return n, err
}

// frozenArm is an arm with its scores, as the table below the chart has them.
type frozenArm struct {
	Label    ablation.Label `json:"label"`
	Mark     chart.Mark     `json:"mark"`
	Glyph    glyph          `json:"glyph"`
	N        int            `json:"n"` // runs that count
	JA       moments        `json:"ja"`
	EN       moments        `json:"en"`
	Runs     []frozenRun    `json:"runs"` // in order of seeds
	Baseline bool           `json:"baseline,omitempty"`
}

// moments are a mean and its spread over seeds; nil where there is none.
type moments struct {
	Mean *float64 `json:"mean"`
	SD   *float64 `json:"sd"`
}

// frozenRun is one run's scores, or the state that kept it from having them.
type frozenRun struct {
	State ablation.RunState `json:"state"`
	JA    *float64          `json:"ja,omitempty"`
	EN    *float64          `json:"en,omitempty"`
}

// Create shares a sweep's trade-off chart, as it is now or as it will be whenever somebody looks, and returns the share with
// its secret, which is stored nowhere. A sweep without a finished score has nothing to share: ErrConflict.
func (s Sharer) Create(ctx context.Context, q ShareRequest) (ablation.Share, string, error) {
	if _, err := q.check(); err != nil { // before anything is read
		return ablation.Share{}, "", err
	}
	share, err := s.freeze(ctx, q.Sweep)
	if err != nil {
		return ablation.Share{}, "", fmt.Errorf("share sweep %s: %w", q.Sweep, err)
	}
	return s.keep(ctx, q, share)
}

// keep stores a share as it was asked for, and returns it with its secret.
func (s Sharer) keep(ctx context.Context, q ShareRequest, share ablation.Share) (ablation.Share, string, error) {
	origins, err := q.check()
	if err != nil {
		return ablation.Share{}, "", err
	}
	share.Question = cmp.Or(q.Question, share.Question, q.Sweep)
	share.Live, share.EmbedIn = q.Live, origins
	share.ExpiresAt = time.Now().Add(cmp.Or(q.Lifetime, shareDays*24*time.Hour))
	secret, hash := newSecret()
	share.Hint = secret[:hintLength]
	share, err = s.Store.CreateShare(ctx, hash, share)
	return share, secret, err
}

// Renew gives a share a new secret, which is returned and stored nowhere; the old link ends. ErrNotFound where there is no
// such share, ErrConflict where it has expired or was revoked.
func (s Sharer) Renew(ctx context.Context, id int64) (ablation.Share, string, error) {
	secret, hash := newSecret()
	share, err := s.Store.ReplaceShareSecret(ctx, id, hash, secret[:hintLength])
	return share, secret, err
}

// Embed says which sites may show a share in a frame from now on; none at all where origins is empty. ErrNotFound where there
// is no such share, *ablation.Invalid where a text is no site.
func (s Sharer) Embed(ctx context.Context, id int64, texts []string) (ablation.Share, error) {
	origins, err := readOrigins(texts)
	if err != nil {
		return ablation.Share{}, err
	}
	return s.Store.EmbedShare(ctx, id, origins)
}

// Refresh is a live share with what its sweep says now; with what it was made with, where the sweep has no score any more.
func (s Sharer) Refresh(ctx context.Context, v ablation.Share) (ablation.Share, error) {
	now, err := s.freeze(ctx, v.Sweep)
	if errors.Is(err, ablation.ErrConflict) {
		return v, nil
	}
	if err != nil {
		return v, fmt.Errorf("refresh share %d: %w", v.ID, err)
	}
	v.Chart, v.CSV, v.Fingerprints, v.Version = now.Chart, now.CSV, now.Fingerprints, now.Version
	return v, nil
}

// Live reports whether a secret opens a share now. It counts no view.
func (s Sharer) Live(ctx context.Context, secret string) (bool, error) {
	hash, err := secretHash(secret)
	if err == nil {
		_, err = s.Store.Share(ctx, hash)
	}
	if errors.Is(err, ablation.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// freeze is a share of a sweep's trade-off chart as it is now, without a link, an end and a place.
func (s Sharer) freeze(ctx context.Context, sweep string) (ablation.Share, error) {
	d, err := loadChartData(ctx, s.Store, sweep)
	if err != nil {
		return ablation.Share{}, err
	}
	if !scored(d.Results) {
		return ablation.Share{}, ablation.Conflict("no run has completed yet, so there is nothing to share; wait for the first one", "まだ完了したランがなく、共有できるものがありません。最初のランの完了を待ってください")
	}
	if d.Items, err = s.Store.ItemScores(ctx, sweep); err != nil {
		return ablation.Share{}, err
	}
	figure, err := chart.Tradeoff(d)
	if err != nil {
		return ablation.Share{}, err
	}
	data, err := freezeChart(d, figure)
	if err != nil {
		return ablation.Share{}, err
	}
	fingerprints := map[string]string{}
	for _, source := range d.Sources {
		fingerprints[source.Name] = source.ManifestSHA256
	}
	return ablation.Share{
		Sweep: sweep, Question: d.Sweep.Asks("ja"), Kind: "tradeoff", Chart: data, CSV: figure.CSV(), Fingerprints: fingerprints, Version: s.Version,
	}, nil
}

// freezeChart is a figure with what the page around it says, as JSON.
func freezeChart(d chart.Data, figure chart.Figure) (data []byte, err error) {
	kept := frozen{
		Asks: ablation.Label{JA: d.Sweep.Question, EN: d.Sweep.QuestionEN}, Seeds: d.Sweep.Seeds, Arms: freezeArms(d), Sources: d.Sources, Counts: d.Sweep.Counts, Recipe: d.Sweep.Recipe, Lengths: d.Lengths(), Models: d.Models(),
	}
	for _, statement := range chart.Statements(d) {
		kept.Says = append(kept.Says, statement.Text)
	}
	for _, r := range d.Runs {
		if at := r.Progress.EventAt; at != nil && at.After(kept.DataAt) {
			kept.DataAt = *at
		}
	}
	if kept.Figure, err = json.Marshal(figure); err != nil {
		return nil, err
	}
	return json.Marshal(kept)
}

// loadChartData is what charts of a sweep are made of.
func loadChartData(ctx context.Context, store *postgres.Store, name string) (d chart.Data, err error) {
	if d.Sweep, err = store.Sweep(ctx, name); err != nil {
		return d, err
	}
	if d.Arms, err = store.Arms(ctx, name); err != nil {
		return d, err
	}
	if d.Results, err = store.Results(ctx, name); err != nil {
		return d, err
	}
	d.Runs = runsOf(d.Results)
	if d.Sources, err = store.SweepSources(ctx, name); err != nil {
		return d, err
	}
	tasks, err := store.SweepTasks(ctx, name)
	d.Tasks = d.Sweep.Recipe.Asked(tasks)
	return d, err
}

// runsOf are the runs that the results are of, in their order.
func runsOf(results []ablation.Result) []ablation.Run {
	runs := make([]ablation.Run, len(results))
	for i, r := range results {
		runs[i] = r.Run
	}
	return runs
}

// freezeArms are the arms with the scores that the chart shows.
func freezeArms(d chart.Data) []frozenArm {
	ja, en := analysis.Both(d.Arms, d.Results, ablation.BPB("ja"), ablation.BPB("en"))
	views := armViews("", d)
	arms := make([]frozenArm, len(d.Arms))
	for i, a := range d.Arms {
		arms[i] = frozenArm{
			Label: a.Label, Mark: chart.MarkOf(d.Arms, i), Glyph: views[i].glyph, N: min(ja.Arms[i].N, en.Arms[i].N),
			JA: momentsOf(ja.Arms[i]), EN: momentsOf(en.Arms[i]), Baseline: views[i].Baseline,
		}
		if a.Label == (ablation.Label{}) {
			arms[i].Label = ablation.Label{JA: a.Name, EN: a.Name}
		}
		for _, seed := range d.Sweep.Seeds {
			arms[i].Runs = append(arms[i].Runs, freezeRun(d, a.Name, seed, ja.Arms[i], en.Arms[i]))
		}
	}
	return arms
}

func freezeRun(d chart.Data, arm string, seed int64, ja, en analysis.Summary) frozenRun {
	r := frozenRun{JA: valueOf(ja, seed), EN: valueOf(en, seed)}
	for _, run := range d.Runs {
		if run.Arm == arm && run.Replicate == seed {
			r.State = run.State
		}
	}
	return r
}

func momentsOf(s analysis.Summary) moments { return moments{known(s.Mean), known(s.SD)} }

// known is nil for what can't be known.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func valueOf(s analysis.Summary, seed int64) *float64 {
	for _, v := range s.Values {
		if v.Replicate == seed {
			return &v.Value
		}
	}
	return nil
}
