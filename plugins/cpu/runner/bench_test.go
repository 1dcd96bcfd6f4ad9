package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/plugin"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/rows/rowstest"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// BenchmarkRun_Start is the time between a run's first event and readiness for its first step, rows being cached: rows
// opened, a plan of 20,000 steps made and digested, weights drawn, nothing scored. The run is asked to stop before it
// begins.
func BenchmarkRun_Start(b *testing.B) {
	l := newLab(b)
	prose := rowstest.Prose(1, 60_000, "配合", "の", "比率", "を", "学ぶ", "。", "the ", "mix ", "is ", "learnt")
	l.base.Sources[0] = rowstest.Write(b, filepath.Join(l.data, "sources/ja/2"), "ja", prose)
	for _, shape := range shapes(b) {
		b.Run(shape.Name, func(b *testing.B) {
			l.started(b, shape, 0) // caches the rows
			var took time.Duration
			for n := 1; b.Loop(); n++ {
				took += l.started(b, shape, n)
			}
			b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/start")
		})
	}
}

func shapes(tb testing.TB) []trainer.Shape {
	tb.Helper()
	d, err := plugin.New("haigo-cpu", "test").Describe(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return d.Shapes
}

// started is the time that one start takes.
func (l *lab) started(b *testing.B, shape trainer.Shape, n int) time.Duration {
	b.Helper()
	dir := l.start(b, fmt.Sprintf("%s-%d", shape.Name, n), 1, func(s *spec.Spec) {
		s.Model, s.RowTokens, s.BatchRows, s.Steps, s.Resources.Threads = shape.Model, 256, 32, 20_000, 2
		s.Eval.Sets, s.Eval.Tasks = nil, nil
	})
	if err := os.WriteFile(filepath.Join(dir, spec.StopFile), nil, 0o644); err != nil {
		b.Fatal(err)
	}
	var began time.Time
	for _, e := range l.run(b, dir) {
		switch {
		case e.Started != nil:
			began = e.Time
		case e.Scores != nil:
			return e.Time.Sub(began)
		}
	}
	b.Fatal("the run wasn't scored before its first step")
	return 0
}
