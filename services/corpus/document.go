package corpus

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"unicode"

	"github.com/haigo-lab/haigo/services/ablation"
)

// document is a row that became a document, or the problem that it is.
type document struct {
	digest  [sha256.Size]byte // of the text
	bytes   int               // of the text
	end     int               // in cleaned.lines; its line begins where the one before ends
	group   string
	line    int64 // of its file, for problems
	problem *Problem
}

// cleaned is what became of a batch: the lines of its documents, as source versions hold them.
type cleaned struct {
	lines     []byte
	documents []document
}

// cleaner makes documents of rows. It belongs to one goroutine at a time.
type cleaner struct {
	column string
	by     string
	picks  []pick
	space  []byte // of a text whose escapes were undone
}

func newCleaner(o Options) *cleaner {
	c := &cleaner{column: o.Column, by: o.By}
	if c.by != "" {
		c.picks = append(c.picks, pick{path: c.by})
	}
	if c.column != "" {
		c.picks = append(c.picks, pick{path: c.column})
		return c
	}
	for _, name := range textColumns {
		c.picks = append(c.picks, pick{path: name})
	}
	return c
}

// clean makes documents of a batch in the memory of out.
func (c *cleaner) clean(b *batch, out *cleaned) {
	out.lines, out.documents = out.lines[:0], out.documents[:0]
	b.each(func(r *row, data []byte) {
		d := document{problem: r.problem, group: r.group, line: r.line}
		if d.problem == nil {
			d.problem = c.row(b.input, r, data, &d, out)
		}
		d.end = len(out.lines)
		out.documents = append(out.documents, d)
	})
}

// row appends the line of one row's document, or says why there is none.
func (c *cleaner) row(in input, r *row, data []byte, d *document, out *cleaned) *Problem {
	reject := func(reason string, detail ablation.Label) *Problem {
		p := in.rejected(r.line, reason, detail)
		return &p
	}
	if r.form == jsonObject {
		if data = bytes.TrimPrefix(data, byteOrderMark); isBlank(data) {
			return reject(Empty, ablation.Label{})
		}
	}
	// Checked before decoding: encoding/json would put U+FFFD in place of broken bytes.
	if bad := invalidUTF8(data); bad >= 0 {
		p := in.rejected(r.lineOf(data, bad), NotUTF8, encodingDetail(data, bad))
		return &p
	}
	id, text := in.rowID(r), data
	switch r.form {
	case jsonObject:
		if err := pickAll(data, c.picks); err != nil {
			return reject(BadJSON, jsonDetail(data, err))
		}
		var state int
		switch text, state = c.textOf(); state {
		case noString:
			pair, found, problem := pairOf(data)
			switch {
			case c.column != "" || !found:
				return reject(NoText, noText(c.column, c.texts()[0].value != nil))
			case problem != ablation.Label{}:
				return reject(NoText, problem)
			}
			text = pair
		case brokenString:
			return reject(NotUTF8, halfCharacter)
		}
		if d.group = c.groupOf(); c.by != "" && d.group == "" {
			return reject(NoGroup, noGroup(c.by))
		}
	case ownLine:
		var ok bool
		if id, text, ok = c.own(data); !ok {
			return reject(BadJSON, damagedLine)
		}
	case plainText:
		if c.by != "" && d.group == "" {
			return reject(NoGroup, noGroup(c.by))
		}
	}
	if r.form != ownLine {
		if bytes.IndexByte(text, 0) >= 0 {
			return reject(NotText, nulBytes)
		}
		if text = clean(text); len(text) == 0 {
			return reject(Empty, ablation.Label{})
		}
	}
	d.digest, d.bytes = sha256.Sum256(text), len(text)
	out.lines = appendDocument(out.lines, id, text)
	return nil
}

// rowID names the document of a row: by the file, and the line unless it is all of the file.
func (in input) rowID(r *row) string {
	if r.line == 0 {
		return in.id
	}
	return fmt.Sprintf("%s:%d", in.id, r.line)
}

// lineOf is the line of a byte of a row's text.
func (r *row) lineOf(data []byte, at int) int64 {
	if r.form != plainText {
		return r.line
	}
	return max(r.line, 1) + int64(bytes.Count(data[:at], []byte("\n")))
}

// textOf is the string in the chosen column, or in the first of textColumns that holds one.
func (c *cleaner) textOf() (text []byte, state int) {
	for _, p := range c.texts() {
		if text, c.space, state = stringOf(p.value, c.space); state != noString {
			return text, state
		}
	}
	return nil, noString
}

// texts are the picks that may hold the text; the one before them is the group's.
func (c *cleaner) texts() []pick {
	if c.by == "" {
		return c.picks
	}
	return c.picks[1:]
}

func (c *cleaner) groupOf() string {
	if c.by == "" {
		return ""
	}
	value, _, _ := stringOf(c.picks[0].value, nil)
	return string(value)
}

// own reads a line of a source version: at once where it is as appendDocument writes it.
func (c *cleaner) own(line []byte) (id string, text []byte, ok bool) {
	if rest, found := bytes.CutPrefix(line, []byte(`{"id":"`)); found {
		end := special(rest, 0)
		inside, found := bytes.CutPrefix(rest[end:], []byte(`","text":"`))
		if inside, whole := bytes.CutSuffix(inside, []byte(`"}`)); found && whole {
			text, c.space, whole = insideOf(inside, c.space)
			return string(rest[:end]), text, whole
		}
	}
	picks := [...]pick{{path: "id"}, {path: "text"}}
	if pickAll(line, picks[:]) != nil {
		return "", nil, false
	}
	name, _, named := stringOf(picks[0].value, nil)
	text, used, state := stringOf(picks[1].value, c.space)
	c.space = used
	return string(name), text, state == wholeString && named == wholeString
}

var nulBytes = ablation.Label{
	EN: "NUL bytes: this isn't text; leave it out, or convert it to UTF-8 text",
	JA: "NUL バイトがあり、テキストではありません。取り除くか、UTF-8 のテキストに変換してください",
}

var byteOrderMark = []byte("\ufeff")

// clean drops what editors and platforms add: a byte order mark, carriage returns, blank lines around the text.
func clean(text []byte) []byte {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	return bytes.TrimRightFunc(bytes.TrimLeft(text, "\n"), unicode.IsSpace)
}
