package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// ranks are the places of values, the mean place of equals.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if values[a] < values[b] {
			return -1
		}
		if values[a] > values[b] {
			return 1
		}
		return 0
	})
	out := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

// spearman is the rank correlation × 100; 0 where one of them is constant.
func spearman(a, b []float64) float64 {
	x, y := ranks(a), ranks(b)
	mx, my := mean(x), mean(y)
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return 100 * xy / math.Sqrt(xx*yy)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// subset are n of so many rows, drawn without replacement.
func subset(rows, n int, seed uint64) []int {
	return rand.New(rand.NewPCG(seed, 0x62656e6368)).Perm(rows)[:n]
}

// split is a table's rows that are in a list, and the others.
func split(t table.Table, rows []int) (in, out table.Table) {
	in, out = t, t
	in.Runs, out.Runs = nil, nil
	for i, r := range t.Runs {
		if !slices.Contains(rows, i) {
			out.Runs = append(out.Runs, r)
		}
	}
	for _, i := range rows {
		in.Runs = append(in.Runs, t.Runs[i])
	}
	return in, out
}

// composed is the mean over metrics, by run.
func composed(values func(run, metric int) float64, runs, metrics int) []float64 {
	out := make([]float64, runs)
	for i := range out {
		for k := range metrics {
			out[i] += values(i, k) / float64(metrics)
		}
	}
	return out
}

func measured(t table.Table) func(run, metric int) float64 {
	return func(i, k int) float64 { return t.Runs[i].Values[k] }
}

func expected(p [][]surrogate.Prediction) func(run, metric int) float64 {
	return func(i, k int) float64 { return p[i][k].Mean }
}

// column is one metric, by run.
func column(values func(run, metric int) float64, runs, metric int) []float64 {
	out := make([]float64, runs)
	for i := range out {
		out[i] = values(i, metric)
	}
	return out
}

// row prints a line of markdown.
func row(cells ...any) {
	text := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case float64:
			text[i] = fmt.Sprintf("%.2f", v)
		default:
			text[i] = fmt.Sprint(v)
		}
	}
	fmt.Printf("| %s |\n", strings.Join(text, " | "))
}

func head(cells ...string) {
	fmt.Printf("\n| %s |\n|%s\n", strings.Join(cells, " | "), strings.Repeat("---|", len(cells)))
}

func title(format string, args ...any) { fmt.Printf("\n## "+format+"\n", args...) }
