package task

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// layout is how a published data set is written, and what becomes of it. Prompts are our own plain wording of the usual
// zero-shot forms.
type layout struct {
	name string
	lang string
	// fits says whether a file's first value, by its members, is of this layout.
	fits func(members map[string]json.RawMessage) bool
	// items makes the items of one value. An item without id gets the value's number; without task the layout's name;
	// its language is the layout's. None where the value has no answer.
	items func(raw json.RawMessage) ([]spec.Item, error)
	// split names a task by its file, where one layout serves several sets.
	split func(file string) string
}

// layouts in the order in which they are tried.
var layouts = []*layout{
	jcommonsenseqa, jnli, jsts, jcola, jsquad, jaqket1, jaqket2, rcqa, niilc, arc, hellaSwag, truthfulQA, truthfulQA1, truthfulQA2,
}

// Layouts are the names of the published layouts that Add reads.
func Layouts() []string {
	names := make([]string, len(layouts))
	for i, l := range layouts {
		names[i] = l.name
	}
	return names
}

func listed(names []string) string { return strings.Join(names, ", ") }

// has makes a fits that wants members of these names.
func has(names ...string) func(map[string]json.RawMessage) bool {
	return func(members map[string]json.RawMessage) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return members[n] == nil })
	}
}

// recognise reads a file's values and finds its layout; nil for items as they are.
func recognise(file, name string, data []byte) (*layout, []row, error) {
	rows, err := values(file, data)
	if err != nil {
		return nil, nil, err
	}
	if name != "" {
		return layouts[slices.IndexFunc(layouts, func(l *layout) bool { return l.name == name })], rows, nil
	}
	members := map[string]json.RawMessage{}
	if len(rows) > 0 {
		_ = json.Unmarshal(rows[0].raw, &members) // what is no object has no members
	}
	if has("context")(members) && (has("choices")(members) || has("answers")(members) || has("kind")(members)) {
		return nil, rows, nil
	}
	for _, l := range layouts {
		if l.fits(members) {
			return l, rows, nil
		}
	}
	return nil, rows, nil
}

// values are a file's JSON values; XML and tab-separated files become some.
func values(file string, data []byte) ([]row, error) {
	switch head := bytes.TrimSpace(data[:min(len(data), 4096)]); {
	case bytes.HasPrefix(head, []byte("<")):
		return xmlRows(file, data)
	case len(head) > 0 && head[0] != '{' && head[0] != '[' && bytes.ContainsRune(bytes.SplitN(head, []byte("\n"), 2)[0], '\t'):
		return tsvRows(data), nil
	}
	return rowsOf(file, data)
}

// xmlRows are the question elements of NIILC's files.
func xmlRows(file string, data []byte) ([]row, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var rows []row
	for {
		token, err := decoder.Token()
		if token == nil && err != nil {
			if end := decoder.InputOffset(); int(end) < len(bytes.TrimSpace(data)) || len(rows) == 0 {
				return nil, notXML(file, data, int(end), err)
			}
			return rows, nil
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "question" {
			continue
		}
		line, _ := decoder.InputPos()
		var q niilcQuestion
		if err := decoder.DecodeElement(&q, &start); err != nil {
			return nil, notXML(file, data, int(decoder.InputOffset()), err)
		}
		raw, err := json.Marshal(q)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, line, err)
		}
		rows = append(rows, row{line, raw})
	}
}

func notXML(file string, data []byte, at int, err error) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{
		File: file, Line: 1 + bytes.Count(data[:min(at, len(bytes.TrimSpace(data)))], []byte{'\n'}), Message: ablation.Label{
			EN: fmt.Sprintf("isn't XML of questions here: %v", err), JA: fmt.Sprintf("ここで question の XML として読めません（%v）", err),
		},
	}}}
}

// tsvRows are the lines of a tab-separated file as objects, their keys in the first line.
func tsvRows(data []byte) []row {
	lines := strings.Split(strings.TrimRight(string(data), "\r\n"), "\n")
	keys := strings.Split(strings.TrimRight(lines[0], "\r"), "\t")
	var rows []row
	for i, line := range lines[1:] {
		object := map[string]string{}
		for k, value := range strings.Split(strings.TrimRight(line, "\r"), "\t") {
			if k < len(keys) {
				object[keys[k]] = value
			}
		}
		raw, _ := json.Marshal(object) // strings always encode
		rows = append(rows, row{i + 2, raw})
	}
	return rows
}

// read makes the tasks of a file; items without an answer, and questions asked before, are counted and left out.
func (l *layout) read(file string, rows []row) ([]*group, error) {
	var found []*group
	var problems []ablation.Problem
	unanswered, asked := 0, map[string]bool{}
	for i, r := range rows {
		items, err := l.items(r.raw)
		if err != nil {
			problems = append(problems, ablation.Problem{File: file, Line: r.line, Message: ablation.Label{
				EN: fmt.Sprintf("isn't as %s is published: %v", l.name, err), JA: fmt.Sprintf("%s の公開形式と違います（%v）", l.name, err),
			}})
		}
		if err == nil && len(items) == 0 {
			unanswered++
		}
		for _, item := range items {
			item = l.complete(item, file, i)
			g := groupOf(&found, item.Task)
			key := question(item) + item.Task
			switch {
			case asked[key]:
				g.left[LeftTwice]++
				continue
			case !distinct(item.Choices):
				g.left[LeftChoice]++
				continue
			}
			asked[key] = true
			g.items = append(g.items, Placed{Item: item, File: file, Line: r.line})
		}
	}
	found = slices.DeleteFunc(found, func(g *group) bool { return len(g.items) == 0 })
	if len(problems) == 0 && len(found) == 0 {
		problems = append(problems, ablation.Problem{File: file, Message: ablation.Label{
			EN: fmt.Sprintf("none of %d questions has an answer; test sets hide theirs: take the validation set", len(rows)),
			JA: fmt.Sprintf("%d 問のどれにも答えがありません。テスト用は答えが伏せられています。検証用のファイルを使ってください", len(rows)),
		}})
	}
	for _, g := range found {
		g.left[LeftUnanswered] += unanswered
		problems = append(problems, Check(g.items)...)
	}
	return found, refuse(problems)
}

// complete fills in what a layout leaves to its file.
func (l *layout) complete(item spec.Item, file string, i int) spec.Item {
	item.Lang = l.lang
	if item.Task == "" {
		item.Task = l.name
		if l.split != nil {
			item.Task = l.split(file)
		}
	}
	if item.ID == "" {
		item.ID = fmt.Sprint(i)
	}
	return item
}

// groupOf is the group of a task, made where it is new.
func groupOf(found *[]*group, task string) *group {
	for _, g := range *found {
		if g.task == task {
			return g
		}
	}
	g := &group{task: task, left: map[string]int{}}
	*found = append(*found, g)
	return g
}
