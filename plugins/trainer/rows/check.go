package rows

import (
	"fmt"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Material is what the sources of a spec come to.
type Material struct {
	Rows     map[string]int64   // n_k by source
	Epochs   map[string]float64 // rows that the table asks for ÷ n_k, by source
	Problems []spec.Problem     // of sources that can't be read as the spec asks

	measured map[string]spec.TokenizerMeasured
}

// Check counts every source's rows from its manifest, whose path must be absolute, and opens no text. With a tokenizer's file
// they are about as many, by what was measured of it, and as many as over bytes where nothing was.
func Check(s *spec.Spec) Material {
	m := Material{Rows: map[string]int64{}, Epochs: map[string]float64{}}
	if s.Tokenizer.Kind == spec.TokenizerFile {
		if made, err := spec.ReadFile[spec.TokenizerMade](filepath.Join(filepath.Dir(s.Tokenizer.Path), spec.TokenizerAbout)); err == nil {
			m.measured = made.Sources
		}
	}
	for i := range s.Sources {
		m.count(s, i)
	}
	m.compare(s)
	return m
}

func (m *Material) problem(field string, words error) {
	m.Problems = append(m.Problems, spec.NewProblem(field, words))
}

func (m *Material) count(s *spec.Spec, i int) {
	source, at := s.Sources[i], fmt.Sprintf("sources[%d]", i)
	manifest, digest, err := spec.ReadManifest(source.Manifest)
	if err != nil {
		m.problem(at+".manifest", err)
		return
	}
	if digest != source.ManifestSHA256 {
		m.problem(at+".manifest_sha256", spec.Say("the manifest has SHA-256 %s; the source was changed, take its newest version",
			"目録の SHA-256 が %s です。データソースが変わっています。最新の版を使ってください", digest))
		return
	}
	n := Count(manifest, s.RowTokens)
	if s.Tokenizer.Kind == spec.TokenizerFile {
		n = m.measured[digest].Of(size(manifest)) / int64(s.RowTokens+1)
	} else if source.Rows != 0 && source.Rows != n {
		m.problem(at+".rows", spec.Say("is %d, the source has %d rows of %d tokens",
			"%d ですが、データソースには %d 行（1 行 %d トークン）あります", source.Rows, n, s.RowTokens))
	}
	m.Rows[source.Name] = n
}

// compare sets the rows that the table asks for beside those that there are.
func (m *Material) compare(s *spec.Spec) {
	asked := askedRows(s)
	for i, source := range s.Sources {
		n, counted := m.Rows[source.Name]
		switch {
		case !counted || asked[i] == 0:
		case n == 0:
			m.problem(fmt.Sprintf("sources[%d]", i), spec.Say("has a weight and no row: its text is shorter than %d tokens; add text or take its weight away",
				"割合がありますが、テキストが %d トークンより短いので読む行がありません。テキストを足すか、割合を 0 にしてください", s.RowTokens+1))
		default:
			m.Epochs[source.Name] = asked[i] / float64(n)
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
