package orchestrator_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/plugin"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

func TestMain(m *testing.M) {
	role(os.Args)
	pgtest.Main(m)
}

// inProcess asks the embedded trainer without a process around it.
type inProcess struct{ *plugin.Plugin }

func (inProcess) Names() []string { return []string{"cpu"} }

func (p inProcess) Describe(ctx context.Context, _ string) (trainer.Description, error) {
	return p.Plugin.Describe(ctx)
}

func (p inProcess) Check(ctx context.Context, _ string, s *spec.Spec) (trainer.Report, error) {
	return p.Plugin.Check(ctx, s)
}

func (p inProcess) Plan(ctx context.Context, _ string, a []trainer.Assignment) (trainer.Plan, error) {
	return p.Plugin.Plan(ctx, a)
}

var cpu = inProcess{plugin.New("haigo-cpu", "test")}

func sweeper(store *postgres.Store) *orchestrator.Sweeper {
	return &orchestrator.Sweeper{Store: store, Trainers: cpu, RunsAtOnce: 2}
}

// addText adds a Japanese and an English source.
func addText(t testing.TB, store *postgres.Store) {
	t.Helper()
	for _, lang := range []string{"ja", "en"} {
		dir := t.TempDir()
		for i := range 30 {
			text := fmt.Sprintf("%d %s 配合を変えると何が変わるかを小さなモデルで調べる。\n", i, lang)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.txt", i)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		added, err := corpus.Add(t.Context(), corpus.Options{Data: t.TempDir(), Name: "web-" + lang, Lang: lang, Paths: []string{dir}, Share: .2})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.PutSource(t.Context(), added.Source); err != nil {
			t.Fatal(err)
		}
	}
}

// sweepFile is a sweep of one run; more stands behind it.
func sweepFile(name, more string) []byte {
	return []byte("name: " + name + `
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: 512, row_tokens: 16, batch_rows: 4, max_epochs: 1000}
schedules:
  half: {stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]}
seeds: 1
` + more)
}
