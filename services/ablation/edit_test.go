package ablation_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/schedules"
	"github.com/haigo-lab/haigo/services/ablation"
)

func TestEditDocument(t *testing.T) {
	t.Parallel()
	const text = `# 配合の比較
name: order   # 名前
sources: [web-ja, web-en]
recipe:
  tokens: 60M        # per run
schedules:
  ja57:              # 講演
    label: {ja: 日本語中心, en: 'Japanese'}
    stages: [{until: 1.0, mixture: {web-ja: 0.57, web-en: 0.43}}]

  turn:
    stages:
      - {until: 0.3, mixture: {web-ja: 0.20, web-en: 0.80}}   # English first
      - until: 1.0
        mixture: {web-ja: 0.70, web-en: 0.30}
        ramp: linear
# the end
`
	const tail = "# the end\n"
	tests := map[string]struct {
		op, path, value string
		old, new        string // what changes in the text
	}{
		"share":             {"set", "schedules/ja57/stages/0/mixture/web-ja", "0.6", "web-ja: 0.57", "web-ja: 0.6"},
		"same":              {"set", "schedules/ja57/stages/0/mixture/web-ja", "0.57", "", ""},
		"name":              {"set", "name", `"order-2"`, "name: order ", "name: order-2 "},
		"text with a colon": {"set", "question", `"効くか: どう"`, tail, tail},
		"quoted":            {"set", "schedules/ja57/label/en", `"57%: more"`, "'Japanese'", "'57%: more'"},
		"block value":       {"set", "schedules/turn/stages/1/until", "0.9", "until: 1.0\n        mix", "until: 0.9\n        mix"},
		"key in a block":    {"set", "recipe/shape", `"1m"`, "# per run\n", "# per run\n  shape: 1m\n"},
		"key in brackets":   {"set", "schedules/turn/stages/0/ramp", `"none"`, "web-en: 0.80}}", "web-en: 0.80}, ramp: none}"},
		"new mapping":       {"set", "design/control", `"matched"`, "ramp: linear\n", "ramp: linear\ndesign: {control: matched}\n"},
		"remove a key":      {"remove", "schedules/turn/stages/1/ramp", "", "        ramp: linear\n", ""},
		"remove first key":  {"remove", "schedules/turn/stages/1/until", "", "until: 1.0\n        mix", "mix"},
		"remove a stage":    {"remove", "schedules/turn/stages/0", "", "      - {until: 0.3, mixture: {web-ja: 0.20, web-en: 0.80}}   # English first\n", ""},
		"remove a source":   {"remove", "sources/1", "", ", web-en]", "]"},
		"remove the last":   {"remove", "recipe/tokens", "", "recipe:\n  tokens: 60M        # per run\n", ""},
		"insert a stage":    {"insert", "schedules/turn/stages/1", `{"until":0.5,"mixture":{"web-ja":1}}`, "      - until: 1.0", "      - {until: 0.5, mixture: {web-ja: 1}}\n      - until: 1.0"},
		"insert at the end": {"insert", "sources/-", `"code"`, "web-en]", "web-en, code]"},
		"insert into none":  {"insert", "tasks/-", `"next-ja"`, "ramp: linear\n", "ramp: linear\ntasks: [next-ja]\n"},
		"rename":            {"rename", "schedules/turn", `"en-first"`, "  turn:", "  en-first:"},
		"schedule": {
			"set", "schedules/new", `{"label":"新しい","stages":[{"until":0.5,"mixture":{"web-ja":1}},{"until":1.0,"mixture":{"web-en":1}}]}`, "ramp: linear\n",
			"ramp: linear\n  new:\n    label: 新しい\n    stages:\n      - {until: 0.5, mixture: {web-ja: 1}}\n      - {until: 1.0, mixture: {web-en: 1}}\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ablation.EditDocument([]byte(text), edit(tt.op, tt.path, tt.value))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(text, tt.old, tt.new, 1)
			if name == "text with a colon" {
				want = strings.Replace(text, "ramp: linear\n", "ramp: linear\nquestion: \"効くか: どう\"\n", 1)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func edit(op, path, value string) ablation.Edit {
	return ablation.Edit{Op: ablation.EditOp(op), Path: strings.Split(path, "/"), Value: json.RawMessage(value)}
}

func TestEditDocument_refuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		edit ablation.Edit
	}{
		"not YAML":         {"name: [", edit("set", "name", `"a"`)},
		"no such stage":    {"schedules: {a: {stages: []}}", edit("set", "schedules/a/stages/3/until", "1")},
		"below a scalar":   {"design: matched", edit("set", "design/control", `"matched"`)},
		"nothing to take":  {"name: a", edit("remove", "question", "")},
		"name taken":       {"schedules: {a: 1, b: 2}", edit("rename", "schedules/a", `"b"`)},
		"value not JSON":   {"name: a", edit("set", "name", "[")},
		"no path":          {"name: a", ablation.Edit{Op: "set", Value: json.RawMessage("1")}},
		"unknown op":       {"name: a", edit("swap", "name", "1")},
		"nothing to write": {"name: a", ablation.Edit{Op: "set", Path: []string{"name"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := ablation.EditDocument([]byte(tt.text), tt.edit); err == nil {
				t.Errorf("got %q, want an error", got)
			}
		})
	}
}

// TestEditDocument_law: any sweep file, however it is laid out, comes back as it is when an edit says what it says
// already; and after an edit it reads as the file that somebody had written so from the start, with every comment there.
func TestEditDocument_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := drawTree(t)
		w := writer{t: t, newline: rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n"}).Draw(t, "newline")}
		text := w.document(tree)
		read(t, text)
		for _, e := range saying(tree, nil) {
			if same, err := ablation.EditDocument([]byte(text), e); err != nil || string(same) != text {
				t.Fatalf("%s: a form that changes nothing changes the text: %v\n%s\n%s", e.Path, err, text, same)
			}
		}
		e := drawChange(t, tree)
		want := read(t, writer{}.document(e.tree))

		got, err := ablation.EditDocument([]byte(text), e.edits...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", e.edits, err, text)
		}
		opts := cmp.Options{cmpopts.IgnoreFields(ablation.Sweep{}, "Document"), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(want, read(t, string(got)), opts); diff != "" {
			t.Fatalf("%s: %s\n%s\n%s", e.edits, diff, text, got)
		}
		if !e.removes && comments(text) != comments(string(got)) {
			t.Fatalf("a comment is lost by %s:\n%s\n%s", e.edits, text, got)
		}
		again, err := ablation.EditDocument(got, e.same...)
		if err != nil || string(again) != string(got) {
			t.Fatalf("%v: saying again what is there changes the text: %v\n%s\n%s", e.same, err, got, again)
		}
	})
}

// saying are the edits that set every single value of a document to what it is.
func saying(n tree, path []string) (out []ablation.Edit) {
	for i, item := range n.items {
		out = append(out, saying(item, append(slices.Clone(path), fmt.Sprint(i)))...)
	}
	for _, k := range n.keys {
		out = append(out, saying(n.of[k], append(slices.Clone(path), k))...)
	}
	if n.items == nil && n.of == nil {
		out = append(out, set(path, n))
	}
	return out
}

// comments is how many a writer made.
func comments(text string) int {
	return strings.Count(text, "# 注：") + strings.Count(text, "  # ここ")
}

func read(t *rapid.T, text string) ablation.Sweep {
	s, err := ablation.ParseSweep([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

func TestEditDocument_examples(t *testing.T) {
	t.Parallel()
	list, err := schedules.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		got, err := ablation.EditDocument([]byte(e.Text), edit("set", "name", `"changed"`))
		if want := strings.Replace(e.Text, "\nname: "+e.Name, "\nname: changed", 1); err != nil || string(got) != want {
			t.Errorf("%s: %v, %s", e.Name, err, cmp.Diff(want, string(got)))
		}
	}
}

// tree is a document by its parts: a scalar as written, a list, or keys with values.
type tree struct {
	scalar string
	items  []tree
	keys   []string
	of     map[string]tree
}

func scalar(text string) tree { return tree{scalar: text} }

func mapping(pairs ...any) tree {
	m := tree{of: map[string]tree{}}
	for i := 0; i < len(pairs); i += 2 {
		m = m.with(pairs[i].(string), pairs[i+1].(tree))
	}
	return m
}

func (n tree) with(key string, value tree) tree {
	out := tree{keys: slices.Clone(n.keys), of: map[string]tree{}}
	for k, v := range n.of {
		out.of[k] = v
	}
	if _, there := out.of[key]; !there {
		out.keys = append(out.keys, key)
	}
	out.of[key] = value
	return out
}

func (n tree) without(key string) tree {
	out := mapping()
	for _, k := range n.keys {
		if k != key {
			out = out.with(k, n.of[k])
		}
	}
	return out
}

// put is the tree with the value at a path.
func (n tree) put(path []string, value tree) tree {
	if len(path) == 0 {
		return value
	}
	if n.items != nil {
		out := tree{items: slices.Clone(n.items)}
		var i int
		_, _ = fmt.Sscan(path[0], &i)
		out.items[i] = n.items[i].put(path[1:], value)
		return out
	}
	inner, there := n.of[path[0]]
	if !there {
		inner = mapping()
	}
	return n.with(path[0], inner.put(path[1:], value))
}

func (n tree) at(path ...string) tree {
	for _, step := range path {
		if n.items != nil {
			var i int
			_, _ = fmt.Sscan(step, &i)
			n = n.items[i]
			continue
		}
		n = n.of[step]
	}
	return n
}

// json is the tree as a form sends it.
func (n tree) json() json.RawMessage {
	var b strings.Builder
	switch {
	case n.items != nil:
		for i, item := range n.items {
			b.WriteString([]string{"[", ", "}[min(i, 1)] + string(item.json()))
		}
		return json.RawMessage(b.String() + "]")
	case n.of != nil:
		for i, k := range n.keys {
			fmt.Fprintf(&b, "%s%q: %s", []string{"{", ", "}[min(i, 1)], k, n.of[k].json())
		}
		return json.RawMessage(b.String() + "}")
	}
	if json.Valid([]byte(n.scalar)) {
		return json.RawMessage(n.scalar)
	}
	text, _ := json.Marshal(n.scalar)
	return text
}

var texts = []string{
	"順序は効くか", "does it matter?", "a, b", "x: y", "# no comment", "it's", `say "so"`, "[list]", "{a: 1}", "- dash", "100%", "@home", "*", "総量が同じなら、英語を先に：効くか 🍶", "a #b", "a# b", "tab\there", "true story", "=", "? why", `back\slash`, "two\nlines",
}

func drawMix(t *rapid.T, sources []string) tree {
	m, left := mapping(), 100
	for _, name := range sources[1:] {
		n := rapid.IntRange(0, left).Draw(t, "share")
		left -= n
		m = m.with(name, scalar(fmt.Sprintf("%.2f", float64(n)/100)))
	}
	return m.with(sources[0], scalar(fmt.Sprintf("%.2f", float64(left)/100)))
}

func drawArm(t *rapid.T, sources []string) tree {
	n := rapid.IntRange(1, 3).Draw(t, "stages")
	list := tree{items: []tree{}}
	for i := range n {
		stage := mapping("until", scalar([]string{"0.3", "60%", "1.0"}[i+3-n]), "mixture", drawMix(t, sources))
		if i > 0 && rapid.Bool().Draw(t, "ramps") {
			stage = stage.with("ramp", scalar(rapid.SampledFrom([]string{"none", "linear", "cosine"}).Draw(t, "ramp")))
		}
		list.items = append(list.items, stage)
	}
	s := mapping("stages", list)
	if rapid.Bool().Draw(t, "labelled") {
		s = mapping("label", mapping("ja", scalar(rapid.SampledFrom(texts).Draw(t, "ja")), "en", scalar(rapid.SampledFrom(texts).Draw(t, "en")))).with("stages", list)
	}
	return s
}

func drawTree(t *rapid.T) tree {
	sources := []string{"web-ja", "web-en", "code"}[:rapid.IntRange(2, 3).Draw(t, "sources")]
	list := tree{items: []tree{}}
	for _, name := range sources {
		list.items = append(list.items, scalar(name))
	}
	arms := mapping()
	for _, name := range []string{"ja57", "ja33", "turn"}[:rapid.IntRange(1, 3).Draw(t, "schedules")] {
		arms = arms.with(name, drawArm(t, sources))
	}
	sweep := mapping("name", scalar("any-12m"), "sources", list, "recipe", mapping("tokens", scalar("4M"), "row_tokens", scalar("128")), "schedules", arms)
	more := map[string]tree{
		"question": scalar(rapid.SampledFrom(texts).Draw(t, "question")),
		"design":   mapping("baseline", scalar("ja57"), "control", scalar("matched")),
		"seeds":    scalar("3"), "tasks": {items: []tree{scalar("arc"), scalar("jcq")}},
		"budget":     mapping("yen", scalar("2400")),
		"recurrence": mapping("cron", scalar("0 22 * * *"), "zone", scalar("Asia/Tokyo")),
		"early_stop": scalar("yes"),
	}
	if rapid.Bool().Draw(t, "rungs?") {
		more["early_stop"] = mapping("at", tree{items: []tree{scalar("20%"), scalar("0.5")}}, "keep", scalar("0.4"))
	}
	for _, key := range []string{"question", "design", "seeds", "tasks", "budget", "recurrence", "early_stop"} {
		if rapid.Bool().Draw(t, key+"?") {
			sweep = sweep.with(key, more[key])
		}
	}
	if rapid.Bool().Draw(t, "designs?") {
		sweep = drawDesigns(t, sweep, sources)
	}
	order := rapid.Permutation(sweep.keys).Draw(t, "order")
	sweep.keys = order
	return sweep
}

// flat is a schedule that doesn't change, for designs to start from; no edit is about it.
const flat = "flat"

// drawDesigns adds rules that make arms.
func drawDesigns(t *rapid.T, sweep tree, sources []string) tree {
	sweep = sweep.put([]string{"schedules", flat, "stages"}, tree{items: []tree{mapping("until", scalar("1.0"), "mixture", mapping(sources[0], scalar("0.6"), sources[1], scalar("0.4")))}})
	shares := tree{items: []tree{scalar("0.3"), scalar("0.5"), scalar("0.75")}[:rapid.IntRange(1, 3).Draw(t, "values")]}
	parts := map[string]tree{
		"grid":       mapping("of", scalar("web-ja"), "values", shares, "from", scalar(flat)),
		"lattice":    mapping("of", tree{items: []tree{scalar("web-ja"), scalar("web-en")}}, "step", scalar("0.25")),
		"dirichlet":  mapping("centre", scalar(flat), "concentration", scalar("20"), "arms", scalar("16"), "bounds", mapping("web-ja", tree{items: []tree{scalar("0.1"), scalar("0.9")}})),
		"one_factor": mapping("from", scalar(flat), "step", scalar("0.1")),
		"product":    mapping("tokens", tree{items: []tree{scalar("4M"), scalar("8M")}}, "shapes", tree{items: []tree{scalar("1m"), numbers("64")}}),
	}
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		if key == "grid" || rapid.Bool().Draw(t, key) {
			sweep = sweep.put([]string{"design", key}, parts[key])
		}
	}
	return sweep
}

// numbers is a shape of four numbers.
func numbers(width string) tree {
	return mapping("layers", scalar("2"), "width", scalar(width), "heads", scalar("2"), "ffn", scalar("176"))
}

// drawDesignChange is what the form does to a rule: a value of a list set, added or taken away, a number or a name set, one
// kind of steps in place of another, a bound, a rule begun or taken away.
func drawDesignChange(t *rapid.T, n tree, put func(tree, ...string) edited) edited {
	values := []string{"design", "grid", "values"}
	list := n.at(values...).items
	at := rapid.IntRange(0, len(list)-1).Draw(t, "value")
	change := func(out tree, removes bool, edits ...ablation.Edit) edited {
		return edited{edits: edits, tree: out, removes: removes}
	}
	switch rapid.IntRange(0, 8).Draw(t, "design edit") {
	case 0:
		return put(scalar("0.42"), append(values, fmt.Sprint(at))...)
	case 1:
		e := ablation.Edit{Op: ablation.EditInsert, Path: append(values, fmt.Sprint(at)), Value: json.RawMessage("0.42")}
		return change(n.put(values, tree{items: slices.Insert(slices.Clone(list), at, scalar("0.42"))}), false, e)
	case 2:
		e := ablation.Edit{Op: ablation.EditInsert, Path: append(values, "-"), Value: json.RawMessage("0.42")}
		return change(n.put(values, tree{items: append(slices.Clone(list), scalar("0.42"))}), false, e)
	case 3:
		if len(list) > 1 {
			e := ablation.Edit{Op: ablation.EditRemove, Path: append(values, fmt.Sprint(at))}
			return change(n.put(values, tree{items: slices.Delete(slices.Clone(list), at, at+1)}), true, e)
		}
	case 4:
		if design := n.at("design"); design.of["lattice"].of != nil && design.at("lattice").of["step"].scalar != "" {
			path := []string{"design", "lattice"}
			edits := []ablation.Edit{{Op: ablation.EditRemove, Path: append(path, "step")}, set(append(path, "points"), scalar("3"))}
			return change(n.put(path, design.at("lattice").without("step").with("points", scalar("3"))), true, edits...)
		}
	case 5:
		if n.at("design").of["dirichlet"].of != nil {
			return put(scalar("0.8"), "design", "dirichlet", "bounds", "web-ja", "1")
		}
	case 6:
		if n.at("design").of["product"].of == nil {
			return put(mapping("tokens", tree{items: []tree{scalar("4M"), scalar("6M")}}), "design", "product")
		}
		shapes := []string{"design", "product", "shapes"}
		return rapid.SampledFrom([]edited{
			put(scalar("6M"), "design", "product", "tokens", "1"), put(numbers("96"), append(shapes, "0")...), put(scalar("128"), append(shapes, "1", "width")...), put(scalar("2m"), append(shapes, "0")...),
		}).Draw(t, "part")
	case 7:
		return removed(n, []string{"design", rapid.SampledFrom([]string{"grid", "lattice", "dirichlet"}).Draw(t, "rule")}, put)
	}
	return put(scalar("web-en"), "design", "grid", "of")
}

// drawEarlyStop begins early stopping, changes a part of it, says more than yes, or takes it away.
func drawEarlyStop(t *rapid.T, n tree, put func(tree, ...string) edited) edited {
	halves := n.of["early_stop"]
	switch {
	case halves.of == nil && halves.scalar == "":
		return put(mapping("at", tree{items: []tree{scalar("10%"), scalar("30%")}}, "keep", scalar("0.33")), "early_stop")
	case rapid.Bool().Draw(t, "no more"):
		return removed(n, []string{"early_stop"}, put)
	case halves.of == nil:
		keep := []string{"early_stop", "keep"}
		edits := []ablation.Edit{{Op: ablation.EditRemove, Path: keep[:1]}, set(keep, scalar("0.5"))}
		return edited{edits: edits, same: edits[1:], tree: n.without("early_stop").put(keep, scalar("0.5")), removes: true}
	case rapid.Bool().Draw(t, "rungs"):
		return put(scalar("0.15"), "early_stop", "at", "0")
	}
	return put(tree{items: []tree{scalar("bpb/ja")}}, "early_stop", "by")
}

// edited is an edit, what the document says after it, and edits that then say nothing new.
type edited struct {
	edits, same []ablation.Edit
	tree        tree
	removes     bool
}

func set(path []string, value tree) ablation.Edit {
	return ablation.Edit{Op: ablation.EditSet, Path: path, Value: value.json()}
}

func drawChange(t *rapid.T, n tree) edited {
	arms := n.at("schedules")
	arm := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(arms.keys), func(name string) bool { return name == flat })).Draw(t, "arm")
	stages := arms.at(arm, "stages")
	k := rapid.IntRange(0, len(stages.items)-1).Draw(t, "stage")
	stage := []string{"schedules", arm, "stages", fmt.Sprint(k)}
	var sources []string
	for _, s := range n.at("sources").items {
		sources = append(sources, s.scalar)
	}
	text := scalar(rapid.SampledFrom(texts).Draw(t, "text"))
	put := func(value tree, path ...string) edited {
		e := set(path, value)
		return edited{edits: []ablation.Edit{e}, same: []ablation.Edit{e}, tree: n.put(path, value)}
	}
	if n.of["design"].of["grid"].of != nil && rapid.Bool().Draw(t, "of the design") {
		return drawDesignChange(t, n, put)
	}
	switch rapid.IntRange(0, 24).Draw(t, "edit") {
	case 0:
		return put(text, "question")
	case 1:
		return put(scalar("other.name"), "name")
	case 2:
		return put(scalar(rapid.SampledFrom([]string{"8M", "2.5M", "900000"}).Draw(t, "tokens")), "recipe", "tokens")
	case 3:
		return put(scalar("0.25m"), "recipe", "shape")
	case 4: // every share of a stage, one edit each
		shares := drawMix(t, sources)
		out := edited{tree: n.put(append(slices.Clone(stage), "mixture"), shares)}
		for _, name := range shares.keys {
			out.edits = append(out.edits, set(append(slices.Clone(stage), "mixture", name), shares.of[name]))
		}
		out.same = out.edits
		return out
	case 5:
		if k < len(stages.items)-1 {
			return put(scalar([]string{"0.31", "61%"}[min(k, 1)]), append(stage, "until")...)
		}
		return put(scalar("1"), append(stage, "until")...)
	case 6:
		if k > 0 {
			return put(scalar("cosine"), append(stage, "ramp")...)
		}
		return put(text, "schedules", arm, "label", "ja")
	case 7:
		return put(drawArm(t, sources), "schedules", "added")
	case 8: // a stage before another
		inserted := mapping("until", scalar("0.05"), "mixture", drawMix(t, sources))
		path := []string{"schedules", arm, "stages", "0"}
		list := tree{items: slices.Insert(slices.Clone(stages.items), 0, inserted)}
		e := ablation.Edit{Op: ablation.EditInsert, Path: path, Value: inserted.json()}
		return edited{edits: []ablation.Edit{e}, tree: n.put(path[:3], list)}
	case 9:
		if len(stages.items) == 1 || k == len(stages.items)-1 {
			return put(scalar("5"), "seeds")
		}
		list := tree{items: slices.Delete(slices.Clone(stages.items), k, k+1)}
		if first := list.items[0]; k == 0 {
			list.items[0] = first.without("ramp")
		}
		edits := []ablation.Edit{{Op: ablation.EditRemove, Path: stage}}
		if _, ramps := stages.items[min(1, len(stages.items)-1)].of["ramp"]; k == 0 && ramps {
			edits = append(edits, ablation.Edit{Op: ablation.EditRemove, Path: append(slices.Clone(stage[:3]), "0", "ramp")})
		}
		return edited{edits: edits, tree: n.put(stage[:3], list), removes: true}
	case 10:
		if len(arms.keys) == 1 || n.of["design"].of != nil {
			return put(scalar("matched"), "design", "control")
		}
		e := ablation.Edit{Op: ablation.EditRemove, Path: []string{"schedules", arm}}
		return edited{edits: []ablation.Edit{e}, tree: n.with("schedules", arms.without(arm)), removes: true}
	case 11:
		if n.of["tasks"].items == nil {
			e := ablation.Edit{Op: ablation.EditInsert, Path: []string{"tasks", "-"}, Value: json.RawMessage(`"arc"`)}
			return edited{edits: []ablation.Edit{e}, tree: n.with("tasks", tree{items: []tree{scalar("arc")}})}
		}
		edits := []ablation.Edit{{Op: ablation.EditRemove, Path: []string{"tasks", "1"}}, {Op: ablation.EditRemove, Path: []string{"tasks", "0"}}}
		return edited{edits: edits, tree: n.without("tasks"), removes: true}
	case 12:
		return put(scalar("1200"), "budget", "yen")
	case 13:
		e := ablation.Edit{Op: ablation.EditInsert, Path: []string{"tasks", "-"}, Value: json.RawMessage(`"squad"`)}
		list := append(slices.Clone(n.of["tasks"].items), scalar("squad"))
		return edited{edits: []ablation.Edit{e}, tree: n.with("tasks", tree{items: list})}
	case 14, 15: // a plain field of the recipe, the design or the budget
		field := rapid.SampledFrom(fields).Draw(t, "field")
		return put(scalar(field.value), field.path...)
	case 16: // a plain field is emptied
		path := rapid.SampledFrom([][]string{{"question"}, {"seeds"}, {"recipe", "row_tokens"}, {"design", "baseline"}, {"budget", "yen"}, {"recurrence", "zone"}}).Draw(t, "field")
		return removed(n, path, put)
	case 17: // the matched control is unticked
		return removed(n, []string{"design", "control"}, put)
	case 18: // it starts again by itself, or no more
		if n.of["recurrence"].of != nil {
			return removed(n, []string{"recurrence"}, put)
		}
		cron, zone := []string{"recurrence", "cron"}, []string{"recurrence", "zone"}
		edits := []ablation.Edit{set(cron, scalar("0 22 * * 1-5")), set(zone, scalar("Europe/Berlin"))}
		return edited{edits: edits, same: edits, tree: n.put(cron, scalar("0 22 * * 1-5")).put(zone, scalar("Europe/Berlin"))}
	case 19: // a source is ticked
		e := ablation.Edit{Op: ablation.EditInsert, Path: []string{"sources", "-"}, Value: json.RawMessage(`"books"`)}
		list := append(slices.Clone(n.of["sources"].items), scalar("books"))
		return edited{edits: []ablation.Edit{e}, tree: n.with("sources", tree{items: list})}
	case 20: // a label goes
		return removed(n, []string{"schedules", arm, "label"}, put)
	case 21:
		return put(text, "schedules", arm, "label", "en")
	case 22: // a schedule is copied
		return put(stagesOnly(arms.of[arm]), "schedules", "copy")
	case 23:
		return drawEarlyStop(t, n, put)
	}
	renamed := mapping()
	for _, name := range arms.keys {
		if name == arm {
			renamed = renamed.with("renamed", arms.of[name])
			continue
		}
		renamed = renamed.with(name, arms.of[name])
	}
	e := []ablation.Edit{{Op: ablation.EditRename, Path: []string{"schedules", arm}, Value: json.RawMessage(`"renamed"`)}}
	out := n.with("schedules", renamed)
	if n.of["design"].of != nil && n.at("design", "baseline").scalar == arm {
		e = append(e, set([]string{"design", "baseline"}, scalar("renamed")))
		out = out.put([]string{"design", "baseline"}, scalar("renamed"))
	}
	return edited{edits: e, tree: out}
}

// fields are the form's plain fields with values that a sweep takes.
var fields = []struct {
	path  []string
	value string
}{
	{[]string{"recipe", "trainer"}, "cpu"},
	{[]string{"recipe", "optimizer", "peak_lr"}, "0.004"},
	{[]string{"recipe", "row_tokens"}, "256"},
	{[]string{"recipe", "batch_rows"}, "8"},
	{[]string{"recipe", "eval", "every"}, "12.5%"},
	{[]string{"recipe", "max_epochs"}, "20"},
	{[]string{"seeds"}, "4"},
	{[]string{"design", "baseline"}, "ja57"},
	{[]string{"budget", "runs_at_once"}, "2"},
	{[]string{"recurrence", "cron"}, "30 1 * * 6"},
}

// removed takes a value out where it is, and what would be empty with it; else it puts one.
func removed(n tree, path []string, put func(tree, ...string) edited) edited {
	parent := n.at(path[:len(path)-1]...)
	if _, there := parent.of[path[len(path)-1]]; !there {
		return put(scalar("6"), "seeds")
	}
	e := ablation.Edit{Op: ablation.EditRemove, Path: path}
	for len(path) > 1 && len(n.at(path[:len(path)-1]...).keys) == 1 {
		path = path[:len(path)-1]
	}
	last := len(path) - 1
	out := n.at(path[:last]...).without(path[last])
	return edited{edits: []ablation.Edit{e}, tree: n.put(path[:last], out), removes: true}
}

// stagesOnly is a schedule without its label.
func stagesOnly(schedule tree) tree { return mapping("stages", schedule.of["stages"]) }

// writer lays a document out as a person might: each choice is drawn. Without a draw it is plain.
type writer struct {
	t       *rapid.T
	newline string
}

func (w writer) draw(name string, n int) int {
	if w.t == nil {
		return 0
	}
	return rapid.IntRange(0, n-1).Draw(w.t, name)
}

func (w writer) end() string {
	if w.newline == "" {
		return "\n"
	}
	return w.newline
}

func (w writer) document(n tree) string {
	text := w.comment(0) + w.block(n, 0)
	if w.draw("open end", 4) == 1 {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}

// comment is lines between others: comments, empty ones, or none.
func (w writer) comment(indent int) string {
	switch w.draw("between", 6) {
	case 1:
		return strings.Repeat(" ", indent) + "# 注：" + rapid.SampledFrom([]string{"a: b", "[x", "it's", "配合"}).Draw(w.t, "comment") + w.end()
	case 2:
		return w.end()
	}
	return ""
}

// after is what may follow a value on its line.
func (w writer) after() string {
	if w.draw("after", 4) == 1 {
		return "  # ここ" + w.end()
	}
	return w.end()
}

func (w writer) block(n tree, indent int) string {
	var b strings.Builder
	margin := strings.Repeat(" ", indent)
	for _, k := range n.keys {
		b.WriteString(w.comment(indent) + margin + k + ":" + strings.Repeat(" ", 1+w.draw("gap", 2)) + "\x00")
		v := n.of[k]
		if v.items == nil && v.of == nil || len(v.items)+len(v.keys) == 0 || w.draw("style", 2) == 0 {
			b.WriteString(w.flow(v, margin) + w.after())
			continue
		}
		b.WriteString(w.after() + w.block(v, indent+2))
	}
	for _, item := range n.items {
		b.WriteString(w.comment(indent))
		if item.of == nil || w.draw("item", 2) == 0 {
			b.WriteString(margin + "- " + w.flow(item, margin) + w.after())
			continue
		}
		inner := w.block(item, indent+2)
		i := strings.Index(inner, margin+"  "+item.keys[0])
		if strings.TrimSpace(inner[:i]) != "" { // no comment between a dash and its key
			inner = inner[i:]
			i = 0
		}
		b.WriteString(margin + "- " + inner[i+indent+2:])
	}
	return strings.ReplaceAll(b.String(), "\x00", "")
}

func (w writer) flow(n tree, margin string) string {
	var parts []string
	for _, item := range n.items {
		parts = append(parts, w.flow(item, margin))
	}
	for _, k := range n.keys {
		parts = append(parts, k+": "+w.flow(n.of[k], margin))
	}
	separator := ", "
	switch w.draw("separator", 6) {
	case 1:
		separator = " ,  "
	case 2:
		separator = "," + w.end() + margin + "    "
	}
	switch {
	case n.items != nil:
		return "[" + strings.Join(parts, separator) + "]"
	case n.of != nil:
		return "{ "[:1+w.draw("space", 2)] + strings.Join(parts, separator) + "}"
	}
	return w.scalar(n.scalar)
}

func (w writer) scalar(text string) string {
	simple := !strings.ContainsAny(text, ",:#'\"[]{}%@*=?\\\n\t-") || slices.Contains([]string{"ja57", "web-ja", "web-en"}, text)
	switch style := w.draw("quotes", 4); {
	case style == 1 && simple && strings.Trim(text, "0123456789.") != "":
		return "'" + text + "'"
	case simple && style != 2, strings.Trim(text, "0123456789.%M") == "":
		return text
	case !strings.ContainsAny(text, "\n\t") && style == 3:
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	out, _ := json.Marshal(text)
	return string(out)
}
