package httpd

import (
	"bytes"
	"encoding/csv"
	"math"
	"net/http"
	"strconv"

	"github.com/haigo-lab/haigo/services/analysis"
)

// matrixCSV is all of the matrix, a row an arm and column, in full precision.
func (s *Server) matrixCSV(w http.ResponseWriter, r *http.Request) {
	d, ok := s.decisionData(w, r)
	if !ok {
		return
	}
	m, err := s.material(r.Context(), d.Data, aim{})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := decisionPage{decisionMaterial: m, words: d.words, views: d.views}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	_ = out.Write([]string{"arm", "metric", "n", "mean", "sd", "above_floor", "baseline", "pairs", "difference", "low", "high", "verdict"}) // a buffer takes everything
	answers := p.answers()
	for _, c := range p.columns() {
		scores := analysis.Of(p.Arms, p.Results, c.metric)
		for i, a := range scores.Arms {
			row := []string{p.Arms[i].Name, c.metric, strconv.Itoa(a.N), full(a.Mean), full(a.SD), full(a.Mean - c.floor), "", "", "", "", "", ""}
			if base := p.Sweep.Baseline(p.Arms, i); base >= 0 && base != i {
				v := scores.Difference(i, base).Over(c.items(answers, i, base))
				copy(row[6:], []string{p.Arms[base].Name, strconv.Itoa(v.N), full(v.Mean), full(v.Mean - v.Half), full(v.Mean + v.Half), string(v.Verdict)})
			}
			_ = out.Write(row)
		}
	}
	out.Flush()
	serveCSV(w, d.Sweep.Name+"-decision", b.String())
}

// full is a number in full precision; nothing where it isn't known.
func full(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
