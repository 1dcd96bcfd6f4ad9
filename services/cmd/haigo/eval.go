package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

type evalCmd struct {
	Add           evalAddCmd           `cmd:"" help:"Add tasks from files of items: JSON lines, or a data set as it is published."`
	Make          evalMakeCmd          `cmd:"" help:"Make a task from held-out text."`
	List          evalListCmd          `cmd:"" help:"List the tasks."`
	Show          evalShowCmd          `cmd:"" help:"Show a task: its items, what guessing gets, samples, lengths beside a row's."`
	ImportResults evalImportResultsCmd `cmd:"" help:"Read other models' results from files of lm-evaluation-harness."`
	Results       evalResultsCmd       `cmd:"" help:"List other models' results."`
}

type evalMakeCmd struct {
	NextSentence nextSentenceCmd `cmd:"" help:"Which of four sentences follows?"`
}

type nextSentenceCmd struct {
	Source  string `required:"" help:"The source whose held-out documents are used."`
	Version string `help:"Its version (default: the newest)."`
	Name    string `help:"The task's name (default: next-sentence-SOURCE)."`
	Items   int    `help:"Items at most." default:"200"`
	Window  int    `help:"Bytes of context and choice together; row_tokens - 1 or less." default:"127"`
	Set     int64  `name:"set-bytes" help:"Size of the scored set (recipe.eval.set_bytes), whose documents are used last." default:"262144"`
	Seed    uint64 `help:"Seed of the choice of items." default:"0"`
}

func (c nextSentenceCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	source, err := a.store.Source(e.ctx, c.Source, c.Version)
	if err != nil {
		return err
	}
	task, err := corpus.NextSentence(e.ctx, source.Dir, corpus.NextSentenceOptions{
		Name: c.Name, Items: c.Items, WindowBytes: c.Window, SetBytes: c.Set, Seed: spec.Seed(c.Seed),
	})
	if err != nil {
		return err
	}
	if err := a.store.PutTask(e.ctx, task); err != nil {
		return err
	}
	printTask(e.stdout, task)
	return nil
}

func printTask(w io.Writer, t ablation.Task) {
	fmt.Fprintf(w, "task %s (%s), version %s: %s, %s", t.Name, t.Lang, t.Version, many(t.Items, "item"), t.Kind)
	if t.Chance > 0 {
		fmt.Fprintf(w, ", chance %.3f, majority %.3f", t.Chance, t.Majority)
	}
	fmt.Fprintln(w)
}

type evalListCmd struct{}

func (evalListCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	tasks, err := a.store.Tasks(e.ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TASK\tVERSION\tLANG\tKIND\tITEMS\tCHANCE\tMAJORITY\tSOURCE")
	for _, task := range tasks {
		chance, majority := "", ""
		if task.Chance > 0 {
			chance, majority = fmt.Sprintf("%.3f", task.Chance), fmt.Sprintf("%.3f", task.Majority)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", task.Name, task.Version, task.Lang, task.Kind, count(task.Items), chance, majority, task.Source)
	}
	return t.Flush()
}
