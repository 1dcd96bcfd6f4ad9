package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

type corpusCmd struct {
	Add  corpusAddCmd  `cmd:"" help:"Add a source from files, folders and globs; with --by, one of each value."`
	Part corpusPartCmd `cmd:"" help:"Make a source of a part of another's training text, beside all of its held-out text."`
	List corpusListCmd `cmd:"" help:"List the sources."`
	Show corpusShowCmd `cmd:"" help:"Show what a source holds, what it left out, what it shares with held-out text and tasks, and samples."`
}

type corpusAddCmd struct {
	Name      string    `arg:"" help:"The source's name: lower-case letters, digits, . _ -"`
	Paths     []string  `arg:"" help:"Files, folders and globs: parquet, JSON lines, text (.gz, .zst, .xz, .bz2 or plain), Megatron's .bin with .idx."`
	Lang      string    `required:"" help:"Language: a BCP 47 tag, code or other."`
	Licence   string    `help:"Note of the text's licence, kept with the source."`
	Column    string    `help:"Field of JSON lines or parquet that holds the text (default: text, content or raw_content); a.b for one inside another."`
	By        string    `help:"Field that divides the documents: each value becomes a source, NAME-VALUE. As in --by meta.pile_set_name."`
	Split     string    `help:"Where text files are cut into documents: file, paragraphs or lines (default: long files at paragraphs)." default:""`
	Share     float64   `help:"Share of the documents that is held out, one at least." default:"0.01"`
	Heldout   bool      `help:"For evaluation only: hold everything out."`
	Bytes     byteCount `help:"At most so much text, a sample by --seed: 500M, 2G (of each source, with --by). Longer documents are passed over."`
	Documents int64     `help:"At most so many documents, a sample by --seed."`
	Seed      uint64    `help:"Of the sample; a smaller quota takes a part of a larger one's."`
	Drop      bool      `name:"drop-near-duplicates" help:"Leave out training documents that hold half of a held-out one, of this source or another, or an item of a task."`
}

// byteCount is a number of bytes, as in 500M or 2G: powers of 1,000.
type byteCount int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *byteCount) UnmarshalText(text []byte) error {
	digits := strings.TrimSuffix(strings.ToUpper(string(text)), "B")
	factor := 1.0
	for i, unit := range []string{"K", "M", "G", "T"} {
		if rest, ok := strings.CutSuffix(digits, unit); ok {
			digits, factor = rest, math.Pow(1000, float64(i+1))
		}
	}
	value, err := strconv.ParseFloat(digits, 64)
	if bytes := value * factor; err != nil || bytes != 0 && !(bytes >= 1 && bytes <= 1e18) {
		return fmt.Errorf("%q is no number of bytes, of which one is the least; write 500M or 2G", text)
	}
	*n = byteCount(value * factor)
	return nil
}

func (c corpusAddCmd) Run(e *env) error {
	if c.Share == 0 && !c.Heldout {
		return invalidFlag("--share", "something must be held out to score runs on; leave the flag out for 1%, and one document at least")
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.settle(e); err != nil {
		return err
	}
	all, err := addShown(e, c.options(a.data))
	if err != nil {
		return err
	}
	for i, result := range all.Results {
		if err := a.store.PutSource(e.ctx, result.Source); err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(e.stdout)
		}
		printSource(e.stdout, result.Source)
		if err := printReport(e.stdout, result.Source, nil); err != nil {
			return err
		}
		printProblems(e, result.Problems, result.Rejected, result.Dir)
		for _, note := range result.Notes {
			fmt.Fprintf(e.stderr, "warning: %s: %s\n", note.File, note.Detail)
		}
		if !c.Heldout && result.Role == ablation.RoleHeldout {
			fmt.Fprintf(e.stderr, "warning: %s of %s held out, which leaves nothing to train on; add more documents, or cut files with --split paragraphs or --split lines\n",
				many(result.HeldoutDocuments, "document"), result.Name)
		}
	}
	return c.printRest(e, all)
}

// printRest says what belongs to none of the sources that a field divides.
func (c corpusAddCmd) printRest(e *env, all corpus.Results) error {
	if c.By == "" || len(all.Rejected) == 0 {
		return nil
	}
	for _, reason := range slices.Sorted(maps.Keys(all.Rejected)) {
		fmt.Fprintf(e.stdout, "\nin no source  %s %s\n", count(all.Rejected[reason]), reason)
	}
	printProblems(e, all.Problems, all.Rejected, "")
	return nil
}

// problemsShown is how many problems of each reason are printed.
const problemsShown = 20

// printProblems names what was left out, the first of each reason, and says how many more there are and where they stand.
func printProblems(e *env, problems []corpus.Problem, rejected map[string]int64, dir string) {
	shown := map[string]int64{}
	for _, p := range problems {
		if shown[p.Reason] < problemsShown {
			shown[p.Reason]++
			fmt.Fprintln(e.stderr, p)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(shown)) {
		more := rejected[reason] - shown[reason]
		if more <= 0 {
			continue
		}
		fmt.Fprintf(e.stderr, "… and %s more %s", count(more), reason)
		if dir != "" {
			fmt.Fprintf(e.stderr, "; %s names the first thousand", filepath.Join(dir, corpus.ProblemsFile))
		}
		fmt.Fprintln(e.stderr)
	}
}

func (c corpusAddCmd) options(data string) corpus.Options {
	o := corpus.Options{
		Data: data, Name: c.Name, Lang: c.Lang, Paths: c.Paths, Column: c.Column, By: c.By, Split: corpus.Split(c.Split),
		Share: c.Share, Bytes: int64(c.Bytes), Documents: c.Documents, Seed: spec.Seed(c.Seed), DropNearDuplicates: c.Drop,
	}
	if c.Licence != "" {
		for _, path := range c.Paths {
			o.Origin = append(o.Origin, spec.Origin{Path: path, Licence: c.Licence})
		}
	}
	if c.Heldout {
		o.Role = ablation.RoleHeldout
	}
	return o
}

// addShown adds sources with its progress in one line that changes; where stderr is no terminal, without.
func addShown(e *env, o corpus.Options) (corpus.Results, error) {
	file, ok := e.stderr.(*os.File)
	if !ok || !terminal(file) {
		return corpus.AddAll(e.ctx, o)
	}
	o.Progress = func(p corpus.Progress) {
		fmt.Fprintf(file, "\r\033[K%d of %s, %s, %s rejected", p.Files, many(int64(p.FilesAll), "file"), many(p.Documents, "document"), count(p.Rejected))
		if p.Files == p.FilesAll {
			fmt.Fprint(file, "; measuring")
		}
	}
	defer fmt.Fprint(file, "\r\033[K")
	return corpus.AddAll(e.ctx, o)
}

type corpusListCmd struct{}

func (corpusListCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	sources, err := a.store.Sources(e.ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tVERSION\tLANG\tDOCUMENTS\tBYTES\tHELD OUT\tREJECTED")
	for _, s := range sources {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Version, s.Lang, count(s.Documents), count(s.Bytes),
			count(s.HeldoutDocuments), count(sum(s.Rejected)))
	}
	return t.Flush()
}

type corpusShowCmd struct {
	Name    string `arg:""`
	Version string `help:"First 8 hex digits of the manifest's digest (default: the newest)."`
	Samples int    `help:"Sample documents to print." default:"10"`
	Measure bool   `help:"Read the text again: the overlap is with the held-out text and tasks of now."`
}

func (c corpusShowCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	source, err := a.store.Source(e.ctx, c.Name, c.Version)
	if err != nil {
		return err
	}
	printSource(e.stdout, source)
	if c.Measure {
		if _, err := corpus.Measure(e.ctx, source.Dir); err != nil {
			return err
		}
	}
	tasks, err := a.store.Tasks(e.ctx)
	if err != nil {
		return err
	}
	if err := printReport(e.stdout, source, tasks); err != nil {
		return err
	}
	documents, err := corpus.Samples(source.Dir, c.Samples)
	if err != nil {
		return err
	}
	for _, d := range documents {
		fmt.Fprintf(e.stdout, "\n%s\n%s\n", d.ID, cut(d.Text, 400))
	}
	return nil
}

func printSource(w io.Writer, s ablation.Source) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "source\t%s (%s), version %s\n", s.Name, s.Lang, s.Version)
	fmt.Fprintf(t, "manifest\t%s\n", s.ManifestSHA256)
	fmt.Fprintf(t, "training\t%s, %s\n", many(s.Documents, "document"), many(s.Bytes, "byte"))
	fmt.Fprintf(t, "held out\t%s, %s\n", many(s.HeldoutDocuments, "document"), many(s.HeldoutBytes, "byte"))
	for _, reason := range slices.Sorted(maps.Keys(s.Rejected)) {
		fmt.Fprintf(t, "rejected\t%s %s\n", count(s.Rejected[reason]), reason)
	}
	for _, o := range s.Origin {
		fmt.Fprintf(t, "origin\t%s\n", strings.Join(slices.DeleteFunc([]string{o.Package, o.Version, o.Licence, o.Path}, func(s string) bool { return s == "" }), " "))
	}
	t.Flush()
}

// printReport prints what was measured of a source, or how to measure it where it was added by an earlier program.
func printReport(w io.Writer, s ablation.Source, tasks []ablation.Task) error {
	r, err := corpus.ReadReport(s.Dir)
	if errors.Is(err, ablation.ErrNotFound) {
		fmt.Fprintf(w, "measured   not yet: haigo corpus show %s --measure\n", s.Name)
		return nil
	}
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "characters\t%s\n", count(r.Characters))
	for _, tokenizer := range slices.Sorted(maps.Keys(r.Tokens)) {
		fmt.Fprintf(t, "tokens\t%s (%s)\n", count(r.Tokens[tokenizer]), tokenizer)
	}
	l := r.Lengths
	fmt.Fprintf(t, "lengths\t%s to %s characters; 10%% up to %s, 25%% %s, half %s, 75%% %s, 90%% %s, 99%% %s\n",
		count(l.Min), count(l.Max), count(l.P10), count(l.P25), count(l.P50), count(l.P75), count(l.P90), count(l.P99))
	for _, found := range r.Languages {
		fmt.Fprintf(t, "looks like\t%s: %.1f%% of the bytes, %s; labelled %s\n", found.Lang,
			100*float64(found.Bytes)/float64(max(r.Bytes, 1)), many(found.Documents, "document"), s.Lang)
	}
	printOverlaps(t, r.Overlap)
	if later := addedLater(tasks, r.Overlap); len(later) > 0 {
		fmt.Fprintf(t, "not asked\titems of %s, added later: haigo corpus show %s --measure\n", strings.Join(later, ", "), s.Name)
	}
	return t.Flush()
}

// addedLater are the tasks whose newest version wasn't there when overlaps were looked for. Versions of a task follow each
// other, the newest first.
func addedLater(tasks []ablation.Task, known []corpus.Overlap) (names []string) {
	for i, t := range tasks {
		newest := i == 0 || tasks[i-1].Name != t.Name
		asked := slices.ContainsFunc(known, func(o corpus.Overlap) bool {
			return o.Kind == corpus.OverlapTask && o.Name == t.Name && o.Version == t.Version
		})
		if newest && !asked {
			names = append(names, t.Name)
		}
	}
	return names
}

// printOverlaps prints what is held of anything, and sums up the rest.
func printOverlaps(w io.Writer, all []corpus.Overlap) {
	var heldout, items, unchecked, sets int64
	for _, o := range all {
		switch {
		case o.Found > 0:
			printOverlap(w, o)
			continue
		case o.Kind == corpus.OverlapTask:
			items += o.Checked
		default:
			heldout += o.Checked
		}
		unchecked += o.Unchecked
		sets++
	}
	if sets == 0 {
		return
	}
	fmt.Fprintf(w, "holds\tnone of %s, none of %s of %s", many(heldout, "held-out document"), many(items, "item"), many(sets, "further set"))
	if unchecked > 0 {
		fmt.Fprintf(w, "; %s not looked for", count(unchecked))
	}
	fmt.Fprintln(w)
}

func printOverlap(w io.Writer, o corpus.Overlap) {
	what := "held-out document"
	if o.Kind == corpus.OverlapTask {
		what = "item"
	}
	fmt.Fprintf(w, "holds\t%s of %s of %s %s, in %s", count(o.Found), many(o.Checked, what), o.Name, o.Version, many(o.Documents, "training document"))
	if o.Unchecked > 0 {
		fmt.Fprintf(w, "; %s not looked for", count(o.Unchecked))
	}
	fmt.Fprintln(w)
}

func sum(counts map[string]int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}
