package httpd

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// designPart is one of the rules that make arms, as fields; or, where the document has none of it, the edits that add it.
type designPart struct {
	Key    string
	Fields []field
	Ticks  []tick
	Legend string // of the ticks, a key of words
	Wrong  string // what is wrong with the whole of it
	Edits  string // that take it away, or add it, as JSON
	Then   string // the element that the keyboard goes on at
}

// designKeys are the keys of a document's design that make arms or leave some out, in the order of the form.
var designKeys = []string{ablation.DesignGrid, ablation.DesignLattice, ablation.DesignDirichlet, ablation.DesignOneFactor, ablation.DesignAdaptive, ablation.DesignProduct, designLimits}

const designLimits = "limits"

// designs are the parts that the document has, and those that could be added.
func (b formBuilder) designs(sources []tick) (there, addable []designPart) {
	fields := map[string]func(*designPart){
		ablation.DesignGrid: func(p *designPart) { b.grid(p, sources) }, ablation.DesignLattice: func(p *designPart) { b.lattice(p, sources) },
		ablation.DesignDirichlet: func(p *designPart) { b.dirichlet(p, sources) }, ablation.DesignOneFactor: func(p *designPart) { b.oneFactor(p, sources) },
		ablation.DesignAdaptive: func(p *designPart) { b.adaptive(p, sources) }, ablation.DesignProduct: b.product, designLimits: b.limits,
	}
	beginnings := b.beginnings(sources)
	for _, key := range designKeys {
		p := designPart{Key: key, Wrong: b.wrong["design/"+key]}
		if b.has("design/" + key) {
			fields[key](&p)
			p.Edits, p.Then = edits(ablation.Edit{Op: ablation.EditRemove, Path: []string{"design", key}}), "add-"+key
			there = append(there, p)
			continue
		}
		if value, ok := beginnings[key]; ok && (key != designLimits || len(there) > 0) {
			fields[key](&p)
			p.Edits, p.Then = edits(ablation.Edit{Op: ablation.EditSet, Path: []string{"design", key}, Value: quoted(value)}), p.Fields[0].ID()
			addable = append(addable, p)
		}
	}
	return there, addable
}

func edits(list ...ablation.Edit) string { return string(quoted(list)) }

// has reports whether the document has anything at a path.
func (b formBuilder) has(path string) bool {
	for p := range b.draft.Texts {
		if p == path || strings.HasPrefix(p, path+"/") {
			return true
		}
	}
	return false
}

// beginnings are what each part is added with: something that runs, to be changed. Those that start from a mixture need a
// schedule that doesn't change.
func (b formBuilder) beginnings(sources []tick) map[string]any {
	out := map[string]any{ablation.DesignProduct: map[string]any{"tokens": []string{tokenText(b.draft.Sweep.Recipe.Tokens), tokenText(2 * b.draft.Sweep.Recipe.Tokens)}}, designLimits: map[string]any{"min_share": .05}}
	var names []string
	for _, t := range sources {
		if t.Index >= 0 {
			names = append(names, t.Name)
		}
	}
	constant := b.constant()
	if len(names) < 2 {
		return out
	}
	if !b.has("design/product") {
		out[ablation.DesignAdaptive] = map[string]any{"start": 2*len(names) + 2, "batch": 4, "rounds": 3, "confirm": 3}
	}
	if b.has("design/adaptive") {
		delete(out, ablation.DesignProduct)
	}
	mixed := map[string]any{"of": names[:min(3, len(names))], "step": .25}
	out[ablation.DesignLattice] = mixed
	if len(constant) == 0 {
		if len(names) > 3 {
			delete(out, ablation.DesignLattice)
		}
		return out
	}
	from := constant[0].Value
	if len(names) > 3 {
		mixed["from"] = from
	}
	out[ablation.DesignGrid] = map[string]any{"of": b.factors(sources)[0].Value, "values": []float64{.3, .4, .5, .6}, "from": from}
	out[ablation.DesignDirichlet] = map[string]any{"centre": from, "concentration": 20, "arms": 16}
	out[ablation.DesignOneFactor] = map[string]any{"from": from, "step": .1}
	return out
}

// tokenText is a number of tokens as a document writes it.
func tokenText(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size && n%(unit.size/1000) == 0 {
			return strconv.FormatFloat(float64(n)/float64(unit.size), 'f', -1, 64) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// constant are the schedules that have one mixture, which is what a design can start from.
func (b formBuilder) constant() []option {
	var out []option
	for _, c := range b.draft.Sweep.Schedules {
		if !c.Changes() {
			out = append(out, option{c.Name, cmp.Or(c.Label.In(b.words.lang), c.Name)})
		}
	}
	return out
}

// factors are what a share can be of: the document's sources' languages, then the sources.
func (b formBuilder) factors(sources []tick) []option {
	var langs, names []option
	for _, t := range sources {
		if t.Index < 0 {
			continue
		}
		names = append(names, option{t.Name, t.Name})
		if !slices.ContainsFunc(langs, func(o option) bool { return o.Value == t.Lang }) {
			langs = append(langs, option{t.Lang, b.words.language(t.Lang)})
		}
	}
	langs = slices.DeleteFunc(langs, func(o option) bool {
		return slices.ContainsFunc(names, func(n option) bool { return n.Value == o.Value })
	})
	return append(langs, names...)
}

func (b formBuilder) grid(p *designPart, sources []tick) {
	p.Fields = []field{
		b.required(b.field("design/grid/of", "new.d.of", "name", ""), b.factors(sources)),
		b.list("design/grid/values", "new.d.values", "shares", "30%, 40%, 50%"),
		b.required(b.field("design/grid/from", "new.d.from", "name", ""), b.constant()),
	}
}

func (b formBuilder) lattice(p *designPart, sources []tick) {
	const of = "design/lattice/of"
	step, points := b.share("design/lattice/step", "new.d.step"), b.field("design/lattice/points", "new.d.points", "number", "")
	p.Fields = append([]field{}, b.either(step, points)...)
	p.Fields = append(p.Fields, b.chosen(b.field("design/lattice/from", "new.d.rest", "name", b.words.text("new.f.none")), b.constant()))
	p.Ticks, p.Legend = b.ticks(of, sources, false), "new.d.mixed"
	p.Wrong = cmp.Or(p.Wrong, b.wrong[of])
}

func (b formBuilder) dirichlet(p *designPart, sources []tick) {
	p.Fields = []field{
		b.field("design/dirichlet/arms", "new.d.arms", "number", ""),
		b.required(b.field("design/dirichlet/centre", "new.d.centre", "name", ""), b.constant()),
		b.field("design/dirichlet/concentration", "new.d.concentration", "number", ""),
	}
	p.Fields = append(p.Fields, b.bounds("design/dirichlet/bounds", sources)...)
}

func (b formBuilder) oneFactor(p *designPart, sources []tick) {
	const of = "design/one_factor/of"
	step, values := b.share("design/one_factor/step", "new.d.move"), b.list("design/one_factor/values", "new.d.values", "shares", "20%, 50%")
	p.Fields = append([]field{b.required(b.field("design/one_factor/from", "new.d.from", "name", ""), b.constant())}, b.either(step, values)...)
	p.Ticks, p.Legend = b.ticks(of, sources, true), "new.d.factors"
	p.Wrong = cmp.Or(p.Wrong, b.first(of))
}

func (b formBuilder) adaptive(p *designPart, sources []tick) {
	usual := ablation.Adaptive{Batch: 4, Rounds: 3, Confirm: 3}
	if own := b.draft.Sweep.Design.Adaptive; own != nil {
		usual = *own
	}
	p.Fields = []field{
		b.field("design/adaptive/start", "new.d.start", "number", strconv.Itoa(usual.Start)),
		b.field("design/adaptive/batch", "new.d.batch", "number", strconv.Itoa(usual.Batch)),
		b.field("design/adaptive/rounds", "new.d.rounds", "number", strconv.Itoa(usual.Rounds)),
		b.field("design/adaptive/confirm", "new.d.confirm", "number", strconv.Itoa(usual.Confirm)),
		b.field("design/adaptive/objective", "new.d.objective", "text", b.words.text("new.d.by.usual")),
	}
	enough := b.field("design/adaptive/enough", "new.d.enough", "number", b.words.text("new.d.enough.usual"))
	front := b.list("design/adaptive/front", "new.d.front", "names", b.words.text("new.d.front.usual"))
	p.Fields = append(p.Fields, b.either(enough, front)...)
	p.Fields = append(p.Fields, b.bounds("design/adaptive/bounds", sources)...)
}

// bounds are the least and the largest share of each of the document's sources.
func (b formBuilder) bounds(path string, sources []tick) (out []field) {
	for _, t := range sources {
		if t.Index >= 0 {
			bound := b.list(path+"/"+t.Name, "new.d.bound", "range", "0%–100%")
			bound.Of = t.Name
			bound.Wrong = cmp.Or(bound.Wrong, b.wrong[path])
			out = append(out, bound)
		}
	}
	return out
}

func (b formBuilder) product(p *designPart) {
	p.Fields = []field{
		b.list("design/product/tokens", "new.d.tokens", "lengths", tokenText(b.draft.Sweep.Recipe.Tokens)),
		b.list("design/product/shapes", "new.d.shapes", "shapes", shapeText(b.draft.Sweep.Recipe.Shape)),
	}
}

func (b formBuilder) limits(p *designPart) {
	p.Fields = []field{b.share("design/limits/min_share", "new.d.least"), b.field("design/limits/max_epochs", "new.d.epochs", "number", b.words.text("new.f.none"))}
}

// required is a choice without a default; what the document doesn't say isn't chosen.
func (b formBuilder) required(f field, options []option) field {
	f = b.chosen(f, options)
	f.Options[0].Text = "—"
	if f.Value != "" {
		f.Options = f.Options[1:]
	}
	return f
}

// either are two fields of which a document has one: setting one takes the other away.
func (b formBuilder) either(one, other field) []field {
	if b.has(other.Path) {
		one.Instead = other.Path
	}
	if b.has(one.Path) {
		other.Instead = one.Path
	}
	return []field{one, other}
}

// share is a part of a whole, shown in percent.
func (b formBuilder) share(path, label string) field {
	f := b.field(path, label, "share", b.words.text("new.f.none"))
	f.Value = inPercent(f.Value)
	return f
}

// list is a list of values with what separates them; one that holds more than single values is the text's to change.
func (b formBuilder) list(path, label, kind, example string) field {
	f := b.field(path, label, kind, example)
	f.Wrong = b.first(path)
	items := []string{}
	for {
		text, ok := b.item(fmt.Sprintf("%s/%d", path, len(items)))
		if !ok {
			break
		}
		items = append(items, text)
	}
	f.Off = b.has(fmt.Sprintf("%s/%d", path, len(items)))
	shown := slices.Clone(items)
	if kind == "shares" || kind == "range" {
		for i := range shown {
			shown[i] = inPercent(shown[i])
		}
	}
	separator := ", "
	if kind == "range" {
		separator = "–"
	}
	f.Value, f.Items = strings.Join(shown, separator), string(quoted(items))
	return f
}

// first is what is wrong at a path, or at the first value in it of which something is.
func (b formBuilder) first(path string) string {
	if b.wrong[path] != "" {
		return b.wrong[path]
	}
	for _, p := range slices.Sorted(maps.Keys(b.wrong)) {
		if strings.HasPrefix(p, path+"/") {
			return b.wrong[p]
		}
	}
	return ""
}

// ticks are the sources, and where asked their languages, that a list of the document may hold.
func (b formBuilder) ticks(list string, sources []tick, langs bool) []tick {
	var out []tick
	options := b.factors(sources)
	for _, o := range options {
		at := slices.IndexFunc(sources, func(t tick) bool { return t.Name == o.Value })
		if at < 0 && !langs {
			continue
		}
		t := tick{List: list, Name: o.Value, Label: o.Text, Lang: o.Value, Index: -1}
		if at >= 0 {
			t.Lang = sources[at].Lang
		}
		out = append(out, t)
	}
	for i := 0; ; i++ {
		name, ok := b.draft.Texts[fmt.Sprintf("%s/%d", list, i)]
		if !ok {
			return out
		}
		at := slices.IndexFunc(out, func(t tick) bool { return t.Name == name })
		if at < 0 {
			out, at = append(out, tick{List: list, Name: name, Label: name, Lang: "other"}), len(out)
		}
		out[at].Index = i
	}
}

// inPercent is a share as the form shows it; what isn't a number stays as it is written.
func inPercent(text string) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(v) > 1 {
		return text
	}
	return strconv.FormatFloat(math.Round(v*1e8)/1e6, 'f', -1, 64) + "%"
}
