package httpd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/postgres"
)

// Sharer freezes charts behind links. It is how pages, the API and the command line make shares.
type Sharer struct {
	Store   *postgres.Store
	Version string // of the program
}

// frozen is what a share keeps of its chart: the figure, byte for byte, and what the page around it says.
type frozen struct {
	Figure  json.RawMessage    `json:"figure"`
	Says    []chart.Sentence   `json:"says"`
	Sources []ablation.Source  `json:"sources"`
	Counts  ablation.RunCounts `json:"counts"`
	Recipe  ablation.Recipe    `json:"recipe"`
}

// Create freezes a sweep's trade-off chart as it is now, and returns the share with its secret, which is stored
// nowhere. A sweep without a finished score has nothing to share: ErrConflict.
func (s Sharer) Create(ctx context.Context, q ShareRequest) (ablation.Share, string, error) {
	if err := q.check(); err != nil {
		return ablation.Share{}, "", err
	}
	d, err := loadChartData(ctx, s.Store, q.Sweep)
	if err != nil {
		return ablation.Share{}, "", err
	}
	share, err := s.freeze(d, q)
	if err != nil {
		return ablation.Share{}, "", fmt.Errorf("share sweep %s: %w", q.Sweep, err)
	}
	secret, hash := newSecret()
	share.Hint = secret[:hintLength]
	share, err = s.Store.CreateShare(ctx, hash, share)
	return share, secret, err
}

func (s Sharer) freeze(d chart.Data, q ShareRequest) (ablation.Share, error) {
	if !scored(d.Results) {
		return ablation.Share{}, fmt.Errorf("no run has completed yet, so there is nothing to share: %w", ablation.ErrConflict)
	}
	figure, err := chart.Tradeoff(d)
	if err != nil {
		return ablation.Share{}, err
	}
	kept := frozen{Sources: d.Sources, Counts: d.Sweep.Counts, Recipe: d.Sweep.Recipe}
	for _, statement := range chart.Statements(d) {
		kept.Says = append(kept.Says, statement.Text)
	}
	if kept.Figure, err = json.Marshal(figure); err != nil {
		return ablation.Share{}, err
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return ablation.Share{}, err
	}
	fingerprints := map[string]string{}
	for _, source := range d.Sources {
		fingerprints[source.Name] = source.ManifestSHA256
	}
	return ablation.Share{
		Sweep: d.Sweep.Name, Question: cmp.Or(q.Question, d.Sweep.Question, d.Sweep.Name), Kind: "tradeoff", Chart: data, CSV: figure.CSV(),
		Fingerprints: fingerprints, Version: s.Version,
		ExpiresAt: time.Now().Add(cmp.Or(q.Lifetime, shareDays*24*time.Hour)),
	}, nil
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
	for _, r := range d.Results {
		d.Runs = append(d.Runs, r.Run)
	}
	if d.Sources, err = store.SweepSources(ctx, name); err != nil {
		return d, err
	}
	d.Tasks, err = store.SweepTasks(ctx, name)
	return d, err
}
