package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/plugins/trainer/score"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/task"
)

// shownRows are the row lengths that a task's items are held against, where none is asked for.
var shownRows = []int{128, 256, 512, 1024}

type evalShowCmd struct {
	Name      string `arg:"" help:"The task."`
	Version   string `help:"First 8 hex digits of the items' digest (default: the newest)."`
	RowTokens int    `help:"Length of a row, to see how many items it holds (default: 128 to 1,024)." default:"0"`
	Samples   int    `help:"Sample items to print." default:"3"`
}

func (c evalShowCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	t, err := a.store.Task(e.ctx, c.Name, c.Version)
	if err != nil {
		return err
	}
	items, err := task.Items(t.Path)
	if err != nil {
		return err
	}
	rows := shownRows
	if c.RowTokens > 0 {
		rows = []int{c.RowTokens}
	}
	printDescription(e.stdout, t, task.Describe(items), rows)
	for i := range min(c.Samples, len(items)) {
		printItem(e.stdout, items[i*len(items)/min(c.Samples, len(items))])
	}
	return nil
}

func printDescription(w io.Writer, t ablation.Task, d task.Description, rows []int) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "task\t%s (%s), version %s\n", t.Name, t.Lang, t.Version)
	fmt.Fprintf(out, "items\t%s, %s\n", count(t.Items), t.Kind)
	if t.Chance > 0 {
		fmt.Fprintf(out, "choices\t%s, compared by log-likelihood %s\n", fromTo(d.Choices), map[string]string{"sum": "as it is", "bytes": "per byte"}[t.Norm])
		fmt.Fprintf(out, "guessing\tchance %.3f, the most frequent answer %.3f\n", t.Chance, t.Majority)
	} else {
		fmt.Fprintf(out, "answers\t%s an item\n", fromTo(d.Answers))
	}
	if t.Source != "" {
		fmt.Fprintf(out, "made from\theld-out text of %s\n", t.Source)
	}
	fmt.Fprintf(out, "bytes\t%s to %s, median %s, nine in ten at most %s (context, separator, longest answer)\n",
		count(int64(d.Shortest)), count(int64(d.Longest)), count(int64(d.Median)), count(int64(d.Ninetieth)))
	fits := make([]string, len(rows))
	for i, n := range rows {
		fits[i] = fmt.Sprintf("%.0f%% in %s", 100*d.Fit(n), count(int64(n)))
	}
	fmt.Fprintf(out, "uncut\t%s byte tokens; longer items lose the beginning of their context\n", strings.Join(fits, ", "))
	out.Flush()
}

func fromTo(limits [2]int) string {
	if limits[0] == limits[1] {
		return fmt.Sprint(limits[0])
	}
	return fmt.Sprintf("%d to %d", limits[0], limits[1])
}

func printItem(w io.Writer, item spec.Item) {
	fmt.Fprintf(w, "\n%s\n%s\n", item.ID, tail(item.Context, 400))
	answers, _ := score.Answers(item) // stored items have some
	for i, a := range answers {
		mark := " "
		if len(item.Choices) == 0 || item.Right(i) {
			mark = "*"
		}
		fmt.Fprintf(w, "  %s %s\n", mark, cut(a, 200))
	}
}

// tail shortens a text to its last n runes: what a model reads last stays.
func tail(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return "…" + string(runes[len(runes)-n:])
}

type evalImportResultsCmd struct {
	Files []string `arg:"" help:"Files named results_….json, of version 0.3 or 0.4."`
	Model string   `help:"The model's name (default: as in the file)."`
}

func (c evalImportResultsCmd) Run(e *env) error {
	var all []ablation.Reference
	for _, file := range c.Files {
		list, err := task.ReadResults(file)
		if err != nil {
			return err
		}
		for i := range list {
			list[i].Model = cmp.Or(c.Model, list[i].Model)
		}
		all = append(all, list...)
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.store.PutReferences(e.ctx, all); err != nil {
		return err
	}
	return printReferences(e.stdout, all)
}

type evalResultsCmd struct{}

func (evalResultsCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	all, err := a.store.References(e.ctx)
	if err != nil {
		return err
	}
	return printReferences(e.stdout, all)
}

func printReferences(w io.Writer, all []ablation.Reference) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TASK\tMETRIC\tMODEL\tSHOTS\tVALUE\tSTANDARD ERROR")
	for _, r := range all {
		deviation := ""
		if r.StandardError != nil {
			deviation = fmt.Sprintf("%.4f", *r.StandardError)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%.4f\t%s\n", r.Task, r.Metric, r.Model, r.Shots, r.Value, deviation)
	}
	return t.Flush()
}
