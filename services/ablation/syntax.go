package ablation

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// fullWidth is a key with the colon that Japanese keyboards write.
var fullWidth = regexp.MustCompile(`^[A-Za-z0-9._-]+：`)

// syntax reports a document that isn't YAML: where the parser gave up, and what to do there. The parser's own words are
// written for people who write parsers.
func (r *reader) syntax(err error) {
	n, said := &node{line: 1, column: 1}, ""
	var broken yaml.Error
	if errors.As(err, &broken) {
		said = broken.GetMessage()
		if t := broken.GetToken(); t != nil && t.Position != nil {
			n.line, n.column, n.text = max(1, t.Position.Line), max(1, t.Position.Column), strings.TrimSpace(t.Value)
		}
	}
	if n.line <= len(r.lines) {
		n.text = cmp.Or(n.text, strings.TrimSpace(r.lines[n.line-1]))
	}
	if fullWidth.MatchString(n.text) {
		r.problem(n, say("a full-width colon stands here; write : and a space", "コロンが全角です。半角の : と空白にしてください"))
		return
	}
	r.problem(n, advice(said, n.text))
}

// advice is what to do about what the parser says of a text: by the first phrase in what it says, or mark that the text
// begins with.
func advice(said, text string) Label {
	for _, a := range advices() {
		marked := text != "" && strings.Contains(a.marks, text[:1])
		if marked || slices.ContainsFunc(a.phrases, func(phrase string) bool { return strings.Contains(said, phrase) }) {
			return a.message
		}
	}
	return say("this can't be read as YAML; check indentation, brackets, quotes and colons here and in the line above",
		"YAML として読めません。この行と前の行の、字下げ、かっこ、引用符、コロンを確かめてください")
}

type advised struct {
	phrases []string // of the parser
	marks   string   // with which the text that it points at begins
	message Label
}

func advices() []advised {
	return []advised{
		{
			phrases: []string{"tab character", "'\t'"},
			message: say("a tab stands in the indentation; indent with spaces", "字下げにタブがあります。空白で字下げしてください"),
		},
		{
			phrases: []string{"anchor", "alias", "tag", "merge key", "TAG directive"}, marks: `&*!`,
			message: notRead(),
		},
		{
			phrases: []string{"directive", "YAML version", "document separator", "unexpected end content"}, marks: `%`,
			message: say("YAML directives and document marks (%%, ---, ...) aren't read here; remove the line", "YAML のディレクティブや文書の区切り（%%、---、...）は使えません。この行を消してください"),
		},
		{
			phrases: []string{"single-quoted text", "double-quoted text"},
			message: say(`the quotation mark that opens here isn't closed; close it with the same mark`, `ここで始まる引用符が閉じていません。同じ引用符で閉じてください`),
		},
		{
			phrases: []string{"escape", "surrogate"},
			message: say(`a backslash in double quotes begins an escape that doesn't exist; write \\ for a backslash, or take single quotes`,
				`二重引用符の中の \ に続く文字が正しくありません。\ そのものは \\ と書くか、一重引用符を使ってください`),
		},
		{
			phrases: []string{"',' or ']'", "']' not found", "expected sequence element"},
			message: say("a list isn't closed, or lacks a comma, before this; write it as [a, b]", "この手前の一覧が閉じていないか、カンマが足りません。[a, b] のように書いてください"),
		},
		{
			phrases: []string{"',' or '}'", "end token '}'", "could not find flow map"},
			message: say("a mapping isn't closed, or lacks a comma, before this; write it as {a: 1, b: 2}", "この手前の波かっこが閉じていないか、カンマが足りません。{a: 1, b: 2} のように書いてください"),
		},
		{
			phrases: []string{"corresponding to"}, marks: `]}`,
			message: say("this bracket closes nothing; remove it, or open it before", "対応する開きかっこがありません。消すか、手前で開いてください"),
		},
		{
			phrases: []string{"multi-line", "header option", "number of indent"},
			message: say("the text block after | or > isn't indented as it says; indent all its lines alike, deeper than the key", "| や > に続く文の字下げが合いません。すべての行を、キーより深く、同じ幅で字下げしてください"),
		},
		{
			phrases: []string{"not allowed in this context", "unexpected scalar value"},
			message: say(`this doesn't fit here; check the indentation, and quote text that holds ": "`, `ここには書けません。字下げを確かめ、": " を含む文は引用符で囲んでください`),
		},
		{
			phrases: []string{"delimiter ':'", "invalid key", "unexpected key name", "map key", "mapping key", "map value", "non-map value", "implicit line break"},
			message: say(`a key with a colon and a value is expected here, as in "tokens: 60M"; check the indentation, and that a space follows the colon`,
				`ここには「tokens: 60M」のように、キー、コロン、値が必要です。字下げと、コロンの後の空白を確かめてください`),
		},
	}
}

// notRead is about YAML that would let one text mean another.
func notRead() Label {
	return say("anchors, aliases, tags and merge keys aren't read; write the value out",
		"アンカー、エイリアス、タグ、マージキーは使えません。値をそのまま書いてください")
}
