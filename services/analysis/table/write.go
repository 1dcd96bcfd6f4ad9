package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Mixtures is the table's file of mixtures, as [Read] takes it.
func (t Table) Mixtures() []byte {
	head := []string{"id"}
	for p := range t.Phases {
		for _, s := range t.Sources {
			if t.Phases > 1 {
				s = fmt.Sprintf("phase%d_%s", p, s)
			}
			head = append(head, s)
		}
	}
	known := func(of func(Run) float64) bool {
		return slices.ContainsFunc(t.Runs, func(r Run) bool { return of(r) > 0 })
	}
	parameters := known(func(r Run) float64 { return r.Parameters })
	tokens := known(func(r Run) float64 { return r.Tokens })
	if parameters {
		head = append(head, columnParameters)
	}
	if tokens {
		head = append(head, columnTokens)
	}
	return t.file(head, func(r Run) (cells []string) {
		for _, phase := range r.Shares {
			for _, w := range phase {
				cells = append(cells, number(w))
			}
		}
		if parameters {
			cells = append(cells, positive(r.Parameters))
		}
		if tokens {
			cells = append(cells, positive(r.Tokens))
		}
		return cells
	})
}

// Scores is the table's file of metrics, as [Read] takes it. What is not measured is empty.
func (t Table) Scores() []byte {
	return t.file(append([]string{"id"}, t.Metrics...), func(r Run) (cells []string) {
		for _, v := range r.Values {
			cells = append(cells, number(v))
		}
		return cells
	})
}

func (t Table) file(head []string, cells func(Run) []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(head) // memory takes everything
	for _, r := range t.Runs {
		_ = w.Write(append([]string{r.ID}, cells(r)...))
	}
	w.Flush()
	return b.Bytes()
}

func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// positive is a size in plain digits, empty where it isn't known.
func positive(v float64) string {
	if v <= 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
