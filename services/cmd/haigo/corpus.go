package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

type corpusCmd struct {
	Add  corpusAddCmd  `cmd:"" help:"Add a source from files, folders and globs."`
	List corpusListCmd `cmd:"" help:"List the sources."`
	Show corpusShowCmd `cmd:"" help:"Show a source with its rejected rows and samples."`
}

type corpusAddCmd struct {
	Name    string   `arg:"" help:"The source's name: lower-case letters, digits, . _ -"`
	Paths   []string `arg:"" help:"Files, folders and globs: text or JSON lines, plain, .gz or .zst."`
	Lang    string   `required:"" help:"Language: a BCP 47 tag, code or other."`
	Column  string   `help:"Field of JSON lines that holds the text (default: text, content or raw_content)."`
	Split   string   `help:"Where text files are cut into documents: file, paragraphs or lines (default: long files at paragraphs)." default:""`
	Share   float64  `help:"Share of the documents that is held out." default:"0.01"`
	Heldout bool     `help:"For evaluation only: hold everything out."`
}

func (c corpusAddCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	options := corpus.Options{
		Data: a.data, Name: c.Name, Lang: c.Lang, Paths: c.Paths, Column: c.Column, Split: corpus.Split(c.Split),
		Share: c.Share,
	}
	if c.Heldout {
		options.Role = ablation.RoleHeldout
	}
	result, err := addShown(e, options)
	if err != nil {
		return err
	}
	if err := a.store.PutSource(e.ctx, result.Source); err != nil {
		return err
	}
	printSource(e.stdout, result.Source)
	for _, p := range result.Problems {
		fmt.Fprintln(e.stderr, p)
	}
	return nil
}

// addShown adds a source with its progress in one line that changes; where stderr is no terminal, without.
func addShown(e *env, o corpus.Options) (corpus.Result, error) {
	file, ok := e.stderr.(*os.File)
	if !ok || !terminal(file) {
		return corpus.Add(e.ctx, o)
	}
	o.Progress = func(p corpus.Progress) {
		fmt.Fprintf(file, "\r\033[K%d of %s, %s, %s rejected", p.Files, many(int64(p.FilesAll), "file"), many(p.Documents, "document"), count(p.Rejected))
	}
	defer fmt.Fprint(file, "\r\033[K")
	return corpus.Add(e.ctx, o)
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
	Samples int    `help:"Sample documents to print." default:"3"`
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

func sum(counts map[string]int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}
