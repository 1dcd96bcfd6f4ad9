package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/intake"
	"github.com/haigo-lab/haigo/services/postgres"
)

type importCmd struct {
	Name        string    `arg:"" help:"Name of the sweep that the runs become."`
	Mixtures    string    `required:"" help:"CSV of mixtures: an id, then a column a source; phases as phase0_SOURCE, phase1_SOURCE; columns params and tokens may stand beside them. Or as Olmix writes it." placeholder:"FILE"`
	Metrics     string    `help:"CSV of what the runs scored: the same ids, then a column a metric." placeholder:"FILE"`
	TensorBoard string    `name:"tensorboard" help:"Folder with a folder of event files for each id, instead of --metrics." placeholder:"DIR"`
	Question    string    `help:"What the runs were to answer." placeholder:"TEXT"`
	Phases      int       `help:"Phases of each run (default: as the columns say)."`
	PhaseShares []float64 `name:"phase-shares" help:"The phases' shares of the tokens, as in 0.8,0.2 (default: equal)." placeholder:"A,B"`
	Tokens      amount    `help:"Tokens of a run, where no column says: 2M, 1.5G." placeholder:"N"`
	Lang        []string  `help:"Language of a source, as SOURCE=ja; again for each (default: as its name says)." placeholder:"S=LANG" sep:"none"`
	Metric      []string  `help:"Take a column or tag as a metric, as bpb/ja=eval/japanese_bpb; again for each. With any, the others are left out." placeholder:"M=COLUMN" sep:"none"`
}

// Run stores finished runs of others as a sweep.
func (c importCmd) Run(e *env) error {
	q, err := c.request(e.stderr)
	if err != nil {
		return err
	}
	made, err := intake.Make(q)
	if err != nil {
		return err
	}
	return e.with(func(a *app) error {
		into := postgres.Application{Sweep: made.Sweep, Sources: made.Sources, Arms: made.Arms}
		var finished []postgres.Finished
		for _, r := range made.Runs {
			into.Runs = append(into.Runs, r.Run)
			finished = append(finished, postgres.Finished{RunID: r.ID, Parameters: r.Parameters, Tokens: r.Tokens, Points: r.Points})
		}
		if err := a.store.ImportSweep(e.ctx, into, finished); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "sweep %s: %s of %s imported, with %s\n", c.Name, many(int64(len(made.Runs)), "run"), many(int64(len(made.Arms)), "mixture"), strings.Join(q.Table.Metrics, ", "))
		return nil
	})
}

func (c importCmd) request(warnings io.Writer) (intake.Request, error) {
	q := intake.Request{Name: c.Name, Question: c.Question, Tokens: float64(c.Tokens), Langs: map[string]string{}}
	if !spec.ValidName(c.Name) {
		return q, invalidFlag("NAME", c.Name+" is no name; use lower-case letters, digits, '.', '_' and '-', at most 64, a letter or digit first")
	}
	for _, text := range c.Lang {
		source, lang, ok := strings.Cut(text, "=")
		if !ok || lang == "" {
			return q, invalidFlag("--lang", text+" says no language: write SOURCE=LANG, as in web_ja=ja")
		}
		q.Langs[source] = lang
	}
	mixtures, err := readFile(c.Mixtures)
	if err != nil {
		return q, err
	}
	metrics, err := c.metrics(&q)
	if err != nil {
		return q, err
	}
	var notes []ablation.Label
	if q.Table, notes, err = table.Read(mixtures, metrics, c.Phases); err != nil {
		return q, err
	}
	for _, note := range notes {
		fmt.Fprintln(warnings, "warning:", note.EN)
	}
	if q.Shares, err = (fitCmd{PhaseShares: c.PhaseShares}).shares(q.Table.Phases); err != nil {
		return q, err
	}
	for source := range q.Langs {
		if !slices.Contains(q.Table.Sources, source) {
			return q, invalidFlag("--lang", source+" is no source; sources are "+strings.Join(q.Table.Sources, ", "))
		}
	}
	return q, c.choose(&q)
}

// metrics is the file of metrics, or one made of the last values in event files, whose curves go along.
func (c importCmd) metrics(q *intake.Request) (table.File, error) {
	if (c.Metrics == "") == (c.TensorBoard == "") {
		return table.File{}, invalidFlag("--metrics", "give either a CSV of metrics or --tensorboard")
	}
	if c.Metrics != "" {
		return readFile(c.Metrics)
	}
	var err error
	if q.Curves, err = eventFolders(c.TensorBoard); err != nil {
		return table.File{}, err
	}
	return table.File{Name: c.TensorBoard, Data: lastValues(q.Curves)}, nil
}

// eventFolders are the scalars below each folder of a folder, by its name.
func eventFolders(dir string) (map[string][]intake.Scalar, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("event files can't be read (%w); give the folder that has a folder for each run", err)
	}
	found := map[string]map[string][]intake.Scalar{} // by run and folder
	for _, entry := range entries {
		id := entry.Name()
		err := filepath.WalkDir(filepath.Join(dir, id), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(d.Name(), "tfevents") {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			scalars, err := intake.ReadEvents(path, data)
			if found[id] == nil {
				found[id] = map[string][]intake.Scalar{}
			}
			folder, _ := filepath.Rel(filepath.Join(dir, id), filepath.Dir(path)) // one is above the other
			found[id][filepath.ToSlash(folder)] = append(found[id][filepath.ToSlash(folder)], scalars...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, invalidFlag("--tensorboard", dir+" has no folder with event files (events.out.tfevents.*) in it")
	}
	return intake.Curves(found), nil
}

// lastValues are the newest values of every tag as a CSV of metrics.
func lastValues(curves map[string][]intake.Scalar) []byte {
	tags := map[string]bool{}
	last := map[string]map[string]intake.Scalar{}
	for id, scalars := range curves {
		last[id] = map[string]intake.Scalar{}
		for _, s := range scalars {
			tags[s.Tag] = true
			if was, ok := last[id][s.Tag]; !ok || s.Step >= was.Step {
				last[id][s.Tag] = s
			}
		}
	}
	names := slices.Sorted(maps.Keys(tags))
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(append([]string{"id"}, names...)) // a buffer takes everything
	for _, id := range slices.Sorted(maps.Keys(last)) {
		row := []string{id}
		for _, name := range names {
			cell := ""
			if s, ok := last[id][name]; ok {
				cell = strconv.FormatFloat(s.Value, 'g', -1, 64)
			}
			row = append(row, cell)
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

// choose renames the metrics that were asked for, and leaves the others out.
func (c importCmd) choose(q *intake.Request) error {
	if len(c.Metric) == 0 {
		return nil
	}
	var names, columns []string
	for _, text := range c.Metric {
		name, column, ok := strings.Cut(text, "=")
		if !ok || !slices.Contains(q.Table.Metrics, column) {
			return invalidFlag("--metric", text+" names no column: write METRIC=COLUMN; columns are "+strings.Join(q.Table.Metrics, ", "))
		}
		names, columns = append(names, name), append(columns, column)
	}
	for i, r := range q.Table.Runs {
		values := make([]float64, len(columns))
		for k, column := range columns {
			values[k] = r.Values[slices.Index(q.Table.Metrics, column)]
		}
		q.Table.Runs[i].Values = values
	}
	for id, scalars := range q.Curves {
		var kept []intake.Scalar
		for _, s := range scalars {
			if k := slices.Index(columns, s.Tag); k >= 0 {
				s.Tag = names[k]
				kept = append(kept, s)
			}
		}
		q.Curves[id] = kept
	}
	q.Table.Metrics = names
	return nil
}
