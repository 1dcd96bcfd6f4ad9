package task

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Options say what Add does with a file; Data and Path are needed.
type Options struct {
	Data   string    // folder
	Path   string    // of the file: plain, .gz, .zst or .xz
	Layout string    // one of [Layouts]; "" is told by the file's first value
	Name   string    // of the task; "" is the items' own, or the layout's
	Items  int       // at most, chosen by the seed, in the file's order; 0 is all
	Seed   spec.Seed // the same seed and file give the same items
	// Fewshot is a file of the same layout, and Shots how many of its first items are put before each item. One that is
	// the item itself is passed over.
	Fewshot string
	Shots   int
}

// Result is a stored task and what was left out of its file.
type Result struct {
	Task ablation.Task
	Left map[string]int // of a published file: how many items, by reason
}

// Reasons for leaving items of published files out.
const (
	LeftUnanswered = "no answer"
	LeftTwice      = "asked twice"
	LeftChoice     = "with a choice twice"
)

// Add reads a file of items, checks them and stores a version of each task in it: one, but for TruthfulQA, which is two.
// Problems are *ablation.Invalid, with file and line, and nothing is stored.
func Add(o Options) ([]Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	read, err := readGroups(o.Path, o.Layout)
	if err != nil {
		return nil, err
	}
	shots, err := o.shots(read)
	if err != nil {
		return nil, err
	}
	if err := o.rename(read.groups); err != nil {
		return nil, err
	}
	var results []Result
	for _, g := range read.groups {
		items := withShots(o.sample(bare(g.items)), shots[g.task], o.Shots)
		task, err := Put(o.Data, items, Origin{
			Seed: o.Seed, Layout: read.layout, File: filepath.Base(o.Path), FileSHA256: read.sha256, Shots: o.Shots, Examples: texts(shots[g.task]),
		})
		if err != nil {
			return nil, err
		}
		results = append(results, Result{Task: task, Left: g.left})
	}
	return results, nil
}

func (o Options) check() error {
	var problems []ablation.Problem
	say := func(field, en, ja string) {
		problems = append(problems, ablation.Problem{Field: field, Message: ablation.Label{EN: en, JA: ja}})
	}
	if o.Items < 0 {
		say("items", "must be 1 or more, or 0 for all", "1 以上、またはすべてを表す 0 にしてください")
	}
	if o.Shots < 0 || (o.Shots > 0) != (o.Fewshot != "") {
		say("shots", "go with a few-shot file: give --fewshot FILE and --shots N together", "few-shot のファイルとともに使います。--fewshot FILE と --shots N の両方を指定してください")
	}
	if o.Layout != "" && !slices.Contains(Layouts(), o.Layout) {
		say("layout", fmt.Sprintf("%q isn't known; choose one of %s", o.Layout, listed(Layouts())), fmt.Sprintf("「%s」は知らない形式です。%s から選んでください", o.Layout, listed(Layouts())))
	}
	return refuse(problems)
}

// rename gives the one task of a file the name that was asked for.
func (o Options) rename(groups []*group) error {
	if o.Name == "" {
		return nil
	}
	if len(groups) > 1 {
		return &ablation.Invalid{Problems: []ablation.Problem{{Field: "name", Text: o.Name, Message: ablation.Label{
			EN: fmt.Sprintf("the file holds %d tasks, which can't share a name; name the layout of one", len(groups)),
			JA: fmt.Sprintf("ファイルには %d 個のタスクがあり、同じ名前にはできません。どれか 1 つの形式を指定してください", len(groups)),
		}}}}
	}
	for i := range groups[0].items {
		groups[0].items[i].Task = o.Name
	}
	return refuse(Check(groups[0].items))
}

// groups are the tasks that a file holds.
type groups struct {
	layout string // "" for items as they are
	sha256 string
	groups []*group
}

type group struct {
	task  string
	items []Placed
	left  map[string]int
}

// readGroups reads a file in a layout, which the file's first value tells where it is "".
func readGroups(path, layout string) (groups, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return groups{}, &ablation.Refusal{Kind: ablation.ErrNotFound, Message: ablation.Label{
			EN: fmt.Sprintf("there is no file %s", path), JA: fmt.Sprintf("ファイル %s がありません", path),
		}}
	}
	if err != nil {
		return groups{}, fmt.Errorf("read items: %w", err)
	}
	name := filepath.Base(path)
	read := groups{sha256: spec.Digest(data)}
	l, rows, err := recognise(name, layout, data)
	if err != nil {
		return groups{}, err
	}
	if l == nil {
		found, err := checkedItems(name, rows)
		if err == nil {
			read.groups = []*group{{task: found[0].Task, items: found}}
		}
		return read, err
	}
	read.layout = l.name
	read.groups, err = l.read(name, rows)
	return read, err
}

// sample chooses items by the seed and keeps their order.
func (o Options) sample(items []spec.Item) []spec.Item {
	if o.Items == 0 || o.Items >= len(items) {
		return items
	}
	order := make([]int, len(items))
	rank := make([]uint64, len(items))
	for i, item := range items {
		order[i], rank[i] = i, o.rank(item.ID)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(rank[a], rank[b]), a-b) })
	order = order[:o.Items]
	slices.Sort(order)
	chosen := make([]spec.Item, len(order))
	for i, at := range order {
		chosen[i] = items[at]
	}
	return chosen
}

func (o Options) rank(id string) uint64 {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, uint64(o.Seed))
	b.WriteString(id)
	sum := sha256.Sum256(b.Bytes())
	return binary.BigEndian.Uint64(sum[:])
}

// shots are the few-shot examples of each task in a file.
func (o Options) shots(read groups) (map[string][]spec.Item, error) {
	if o.Shots == 0 {
		return nil, nil
	}
	examples, err := readGroups(o.Fewshot, cmp.Or(o.Layout, read.layout))
	if err != nil {
		return nil, err
	}
	shots := map[string][]spec.Item{}
	for i, g := range examples.groups {
		name, of := g.task, groupNamed(read.groups, g.task)
		if len(read.groups) == 1 && i == 0 {
			name, of = read.groups[0].task, read.groups[0] // a few-shot file may bear another name, as of a split
		}
		if of == nil {
			continue
		}
		if problem := o.unfit(g, of); problem != (ablation.Label{}) {
			return nil, &ablation.Invalid{Problems: []ablation.Problem{{File: filepath.Base(o.Fewshot), Field: "shots", Message: problem}}}
		}
		shots[name] = bare(g.items[:min(o.Shots+1, len(g.items))])
	}
	return shots, nil
}

func groupNamed(groups []*group, task string) *group {
	i := slices.IndexFunc(groups, func(g *group) bool { return g.task == task })
	if i < 0 {
		return nil
	}
	return groups[i]
}

// unfit says why a file's items can't be the examples of a task's; empty where they can.
func (o Options) unfit(examples, of *group) ablation.Label {
	if got, want := examples.items[0].Kind, of.items[0].Kind; got != want {
		return ablation.Label{
			EN: fmt.Sprintf("the few-shot items are %s, those of the task %s: take examples of the same kind", got, want),
			JA: fmt.Sprintf("few-shot の問題は %s ですが、タスクの問題は %s です。同じ種類の例を使ってください", got, want),
		}
	}
	n := len(examples.items)
	own := func(item Placed) bool {
		return slices.ContainsFunc(examples.items, func(e Placed) bool { return question(e.Item) == question(item.Item) })
	}
	if n > o.Shots || n == o.Shots && !slices.ContainsFunc(of.items, own) {
		return ablation.Label{}
	}
	return ablation.Label{
		EN: fmt.Sprintf("%d are asked for, and the file has %d items; an item is never its own example, so it needs one more than shots where it holds items of the task", o.Shots, n),
		JA: fmt.Sprintf("%d 個の例が必要ですが、ファイルの問題は %d 個です。問題そのものは例にしないので、タスクの問題を含むファイルには 1 つ多く必要です", o.Shots, n),
	}
}

// withShots puts so many of the examples, with their right answers and an empty line after each, before every item. One that
// is the item itself is passed over.
func withShots(items, examples []spec.Item, shots int) []spec.Item {
	if len(examples) == 0 {
		return items
	}
	out := make([]spec.Item, len(items))
	for i, item := range items {
		var before string
		left := shots
		for _, e := range examples {
			if left == 0 || question(e) == question(item) {
				continue
			}
			before += Text(e) + "\n\n"
			left--
		}
		out[i], out[i].Context = item, before+item.Context
	}
	return out
}

// texts are those of examples, as withShots puts them before items.
func texts(examples []spec.Item) []string {
	var all []string
	for _, e := range examples {
		all = append(all, Text(e))
	}
	return all
}

// Text is an item that Check has no problem with as a text would hold it: the question with its right answer.
func Text(item spec.Item) string {
	return item.Context + item.Sep + answerOf(item)
}
