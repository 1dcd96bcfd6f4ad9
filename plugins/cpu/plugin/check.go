package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/cpu/rows"
	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Check reads manifests, held-out files and what weights are started from, whose paths must be absolute, and measures this machine once.
func (p *Plugin) Check(_ context.Context, s *spec.Spec) (trainer.Report, error) {
	c := check{spec: s, config: runner.Config(s)}
	c.report.Problems = slices.Concat(runner.Unsupported(s), runner.TooLarge(s), runner.CheckInit(s, ""))
	c.sources()
	c.epochs()
	if err := runner.CheckExam(s, ""); err != nil {
		c.problem("eval", err)
	}
	c.report.MemoryBytes = c.config.MemoryBytes(s.BatchRows, runner.Threads(s))
	c.report.Parameters = c.config.Parameters()
	c.report.FLOPsPerToken = c.config.FLOPsPerToken()
	c.report.TokensPerS = p.speeds().tokensPerS(runner.Threads(s), c.config)
	return c.report, nil
}

// check collects a report.
type check struct {
	spec   *spec.Spec
	config lm.Config
	report trainer.Report
}

func (c *check) problem(field string, words error) {
	c.report.Problems = append(c.report.Problems, spec.NewProblem(field, words))
}

// sources counts every source's rows from its manifest.
func (c *check) sources() {
	c.report.Rows = map[string]int64{}
	for i, source := range c.spec.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		m, digest, err := spec.ReadManifest(source.Manifest)
		if err != nil {
			c.problem(at+".manifest", err)
			continue
		}
		if digest != source.ManifestSHA256 {
			c.problem(at+".manifest_sha256", spec.Say("the manifest has SHA-256 %s; the source was changed, take its newest version",
				"目録の SHA-256 が %s です。データソースが変わっています。最新の版を使ってください", digest))
			continue
		}
		n := rows.Count(m, c.spec.RowTokens)
		if source.Rows != 0 && source.Rows != n {
			c.problem(at+".rows", spec.Say("is %d, the source has %d rows of %d tokens",
				"%d ですが、データソースには %d 行（1 行 %d トークン）あります", source.Rows, n, c.spec.RowTokens))
		}
		c.report.Rows[source.Name] = n
	}
}

// epochs compares the rows that the table asks for with those that there are.
func (c *check) epochs() {
	c.report.Epochs = map[string]float64{}
	asked := askedRows(c.spec)
	for i, source := range c.spec.Sources {
		n, counted := c.report.Rows[source.Name]
		switch {
		case !counted || asked[i] == 0:
		case n == 0:
			c.problem(fmt.Sprintf("sources[%d]", i), spec.Say("has a weight and no row: its text is shorter than %d tokens; add text or take its weight away",
				"割合がありますが、テキストが %d トークンより短いので読む行がありません。テキストを足すか、割合を 0 にしてください", c.spec.RowTokens+1))
		default:
			c.report.Epochs[source.Name] = asked[i] / float64(n)
		}
	}
}

// askedRows is the integral of the weight table, by source.
func askedRows(s *spec.Spec) []float64 {
	asked := make([]float64, len(s.Sources))
	for i, entry := range s.Weights {
		until := s.Steps
		if i+1 < len(s.Weights) {
			until = s.Weights[i+1].FromStep
		}
		for k, w := range entry.W {
			asked[k] += float64(until-entry.FromStep) * float64(s.BatchRows) * float64(w) / spec.WeightTotal
		}
	}
	return asked
}
