package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/haigo-lab/haigo/schedules"
	"github.com/haigo-lab/haigo/services/ablation"
)

// earlierShown is how many sweeps are offered to start from.
const earlierShown = 30

// templateCard is a sweep file to begin with: its title in both languages, what stands behind the title's colon, and its
// arms' schedules, drawn.
type templateCard struct {
	Name        string
	Title, More ablation.Label
	Glyphs      []template.HTML
}

// templateCards are the files of package schedules; they don't change while the program runs.
var templateCards = sync.OnceValue(func() []templateCard {
	list, err := schedules.List()
	if err != nil {
		return nil // the files are embedded
	}
	cards := make([]templateCard, len(list))
	for i, e := range list {
		c := templateCard{Name: e.Name, Glyphs: templateGlyphs(e.Text)}
		c.Title.EN, c.More.EN, _ = strings.Cut(e.TitleEN, ": ")
		c.Title.JA, c.More.JA, _ = strings.Cut(e.TitleJA, "：")
		cards[i] = c
	}
	return cards
})

// chosenCard is which of the cards the page begins with.
func chosenCard(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case q.Has("blank"):
		return "blank"
	case q.Has("from"):
		return "from"
	}
	return q.Get("example")
}

// templateGlyphs draws up to three of a file's arms; its sources are taken for the languages that they are named after.
func templateGlyphs(text string) []template.HTML {
	sweep, err := ablation.ParseSweep([]byte(text))
	if err != nil {
		return nil
	}
	seed := uint64(1)
	sweep.Seed = &seed
	sources, langs := namesakes(sweep)
	arms, _, err := sweep.Arms(sources)
	if err != nil {
		return nil
	}
	var drawn []template.HTML
	shown := arms[:min(3, len(arms))]
	for _, a := range shown {
		drawn = append(drawn, newGlyph(a.Weights, sweep.Recipe.For(a).Steps(), langs).svg(map[bool]int{true: 64, false: 40}[len(shown) == 1], 20))
	}
	return drawn
}

// namesakes are a sweep's sources as if each were all text of the language that it is named after.
func namesakes(sweep ablation.Sweep) (sources []ablation.Source, langs []string) {
	for _, ref := range sweep.Sources {
		lang := namesake(ref.Name)
		sources = append(sources, ablation.Source{Name: ref.Name, Lang: lang, Bytes: 1 << 40})
		langs = append(langs, lang)
	}
	return sources, langs
}

// namesake is the language that a source is named after.
func namesake(source string) string {
	lang, _, _ := strings.Cut(source, "-")
	return langClass(lang)
}

// begin is the document that the page begins with: a template, another sweep's, a sweep's own grown by what its decision
// proposes, one of parts of its sources, a blank one, or none. Where the name is taken already, it gets another, unless that is to grow.
func (s *Server) begin(r *http.Request) (string, error) {
	q := r.URL.Query()
	switch {
	case q.Has("blank"):
		return s.blank(r.Context()), nil
	case q.Get("from") != "":
		sweep, err := s.options.Store.Sweep(r.Context(), q.Get("from"))
		document := s.renamed(r.Context(), sweep.Document, sweep.Name)
		if q.Has("clock") {
			document = clocked(document)
		}
		return document, err
	case q.Get("next") != "":
		return s.grown(r.Context(), q.Get("next"), q["mixture"])
	case q.Get("match") != "":
		a, err := readAim(q)
		if err != nil {
			return "", err
		}
		return s.matched(r.Context(), q.Get("match"), a)
	case q.Get("recurrence") != "":
		return s.recurring(r.Context(), q.Get("recurrence"))
	case q.Get("example") != "":
		text, err := exampled(q.Get("example"))
		if err != nil {
			return "", err
		}
		return s.renamed(r.Context(), s.settled(r.Context(), text), q.Get("example")), nil
	}
	return "", nil
}

// exampled is a file of package schedules.
func exampled(name string) (string, error) {
	list, err := schedules.List()
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(list, func(e schedules.Example) bool { return e.Name == name })
	if i < 0 {
		return "", fmt.Errorf("template %s: %w", name, ablation.ErrNotFound)
	}
	return list[i].Text, nil
}

// nightly is where a document's nights are, until somebody says otherwise.
const nightly = "Asia/Tokyo"

// clocked is a document that starts every night, until somebody says otherwise.
func clocked(document string) string {
	text, err := ablation.EditDocument([]byte(document),
		ablation.Edit{Op: ablation.EditSet, Path: []string{"recurrence", "cron"}, Value: quoted("0 22 * * *")},
		ablation.Edit{Op: ablation.EditSet, Path: []string{"recurrence", "zone"}, Value: quoted(nightly)})
	if err != nil {
		return document
	}
	return string(text)
}

// settled is a template's document with the sources and tasks that there are: a source named after a language that isn't
// there becomes the first of that language, and a task that isn't there is left out.
func (s *Server) settled(ctx context.Context, document string) string {
	draft, _ := ablation.ReadDraft([]byte(document))
	all, err := s.options.Store.Sources(ctx)
	if err != nil {
		return document
	}
	for i, ref := range draft.Sweep.Sources {
		if slices.ContainsFunc(all, func(o ablation.Source) bool { return o.Name == ref.Name }) {
			continue
		}
		at := slices.IndexFunc(all, func(o ablation.Source) bool { return o.Lang == ref.Name && o.Role != ablation.RoleHeldout })
		if at < 0 {
			continue
		}
		if text, err := ablation.EditDocument([]byte(document), sourceEdits(draft.Sweep, i, all[at].Name)...); err == nil {
			document = string(text)
		}
	}
	return s.withoutTasks(ctx, document, draft.Sweep.Tasks)
}

// withoutTasks is a document without those of its tasks that aren't there.
func (s *Server) withoutTasks(ctx context.Context, document string, tasks []string) string {
	var edits []ablation.Edit
	for i, name := range slices.Backward(tasks) {
		if _, err := s.options.Store.Task(ctx, name, ""); errors.Is(err, ablation.ErrNotFound) {
			edits = append(edits, ablation.Edit{Op: ablation.EditRemove, Path: []string{"tasks", strconv.Itoa(i)}})
		}
	}
	text, err := ablation.EditDocument([]byte(document), edits...)
	if err != nil {
		return document
	}
	return string(text)
}

// sourceEdits give a sweep's i-th source another name, wherever it is named.
func sourceEdits(sweep ablation.Sweep, i int, name string) []ablation.Edit {
	old, value := sweep.Sources[i].Name, quoted(name)
	out := []ablation.Edit{{Op: ablation.EditSet, Path: []string{"sources", strconv.Itoa(i)}, Value: value}}
	for _, c := range sweep.Schedules {
		for j, stage := range c.Stages {
			if _, read := stage.Mixture[old]; read {
				out = append(out, ablation.Edit{Op: ablation.EditRename, Path: []string{"schedules", c.Name, "stages", strconv.Itoa(j), "mixture", old}, Value: value})
			}
		}
	}
	return append(out, designEdits(sweep.Design, old, name)...)
}

// designEdits give a source another name in the rules that make arms.
func designEdits(d ablation.Design, old, name string) (out []ablation.Edit) {
	set := func(path ...string) {
		out = append(out, ablation.Edit{Op: ablation.EditSet, Path: append([]string{"design"}, path...), Value: quoted(name)})
	}
	each := func(rule string, of []string) {
		if i := slices.Index(of, old); i >= 0 {
			set(rule, "of", strconv.Itoa(i))
		}
	}
	if d.Grid != nil && d.Grid.Of == old {
		set(ablation.DesignGrid, "of")
	}
	if d.Lattice != nil {
		each(ablation.DesignLattice, d.Lattice.Of)
	}
	if d.OneFactor != nil {
		each(ablation.DesignOneFactor, d.OneFactor.Of)
	}
	bounded := func(rule string, bounds map[string]ablation.Bound) {
		if _, there := bounds[old]; there {
			out = append(out, ablation.Edit{Op: ablation.EditRename, Path: []string{"design", rule, "bounds", old}, Value: quoted(name)})
		}
	}
	if d.Dirichlet != nil {
		bounded(ablation.DesignDirichlet, d.Dirichlet.Bounds)
	}
	if d.Adaptive != nil {
		bounded(ablation.DesignAdaptive, d.Adaptive.Bounds)
	}
	return out
}

// quoted is a value as JSON; it holds nothing that has no form there.
func quoted(v any) json.RawMessage {
	text, _ := json.Marshal(v)
	return text
}

// renamed is a document under the next name that neither a sweep nor a recurrence has.
func (s *Server) renamed(ctx context.Context, document, name string) string {
	stem := strings.TrimRight(name, "0123456789")
	if !strings.HasSuffix(stem, "-") {
		stem = name + "-"
	}
	for n := 2; s.named(ctx, name) && n < 1000; n++ {
		name = fmt.Sprintf("%s%d", stem, n)
	}
	text, err := ablation.EditDocument([]byte(document), ablation.Edit{Op: ablation.EditSet, Path: []string{"name"}, Value: quoted(name)})
	if err != nil {
		return document
	}
	return string(text)
}

func (s *Server) named(ctx context.Context, name string) bool {
	_, err := s.options.Store.Sweep(ctx, name)
	return err == nil || s.recurs(ctx, name)
}

// recurs reports whether a clock starts sweeps under this name.
func (s *Server) recurs(ctx context.Context, name string) bool {
	r, err := s.options.Store.Recurrence(ctx, name)
	return err == nil && r.State != ablation.RecurrenceEnded
}

// anySource reports whether there is text to train on.
func (s *Server) anySource(ctx context.Context) bool {
	all, err := s.options.Store.Sources(ctx)
	return err != nil || slices.ContainsFunc(all, func(o ablation.Source) bool { return o.Role != ablation.RoleHeldout })
}

// blank is the smallest document of the sources that there are: one constant mixture of equal shares.
func (s *Server) blank(ctx context.Context) string {
	all, err := s.options.Store.Sources(ctx)
	var names []string
	taken := map[string]bool{} // languages that a source is named after: it can't stand beside others of its language
	for _, source := range all {
		if source.Role != ablation.RoleHeldout && source.Name == source.Lang {
			taken[source.Lang] = true
		}
	}
	for _, source := range all {
		beside := taken[source.Lang] && source.Name != source.Lang
		if source.Role != ablation.RoleHeldout && !beside && !slices.Contains(names, source.Name) && len(names) < 4 {
			names = append(names, source.Name)
		}
	}
	if err != nil || len(names) == 0 {
		return ""
	}
	shares, left := make([]string, len(names)), 100
	for i, name := range names {
		share := left / (len(names) - i)
		left -= share
		shares[i] = fmt.Sprintf("%s: %.2f", name, float64(share)/100)
	}
	return fmt.Sprintf("name: untitled\nquestion: \"\"\nsources: [%s]\nrecipe:\n  tokens: 2M\nschedules:\n  constant:\n    stages: [{until: 1.0, mixture: {%s}}]\nseeds: 3\n",
		strings.Join(names, ", "), strings.Join(shares, ", "))
}
