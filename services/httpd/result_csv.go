package httpd

import (
	"encoding/csv"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// resultsCSV is every run's newest scores in full precision.
func (s *Server) resultsCSV(w http.ResponseWriter, r *http.Request) {
	if d, ok := s.sweepPageData(w, r); ok {
		serveCSV(w, d.Sweep.Name+"-results", resultsText(d.Results))
	}
}

// resultsText is a line a run: its names, state and step, then every score.
func resultsText(all []ablation.Result) string {
	names := scoreNames(all)
	var b strings.Builder
	out := csv.NewWriter(&b)
	_ = out.Write(append([]string{"run", "arm", "replicate", "state", "step"}, names...)) // memory takes everything
	for _, r := range all {
		line := []string{r.Run.Name, r.Run.Arm, strconv.FormatInt(r.Run.Replicate, 10), string(r.Run.State), strconv.FormatInt(r.Step, 10)}
		for _, name := range names {
			line = append(line, plain(r.Values, name))
		}
		_ = out.Write(line)
	}
	out.Flush()
	return b.String()
}

// scoreNames are the scores that any of the runs has, in alphabetical order.
func scoreNames(all []ablation.Result) []string {
	metrics := map[string]bool{}
	for _, r := range all {
		for metric := range r.Values {
			if strings.HasPrefix(metric, ablation.BPB("")) || strings.HasPrefix(metric, "task/") {
				metrics[metric] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(metrics))
}

// plain is a value as programs read it; empty where there is none.
func plain(values map[string]ablation.Real, name string) string {
	v, ok := values[name]
	switch {
	case !ok:
		return ""
	case math.IsInf(float64(v), 0):
		return map[bool]string{true: "Infinity", false: "-Infinity"}[v > 0]
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 64)
}
