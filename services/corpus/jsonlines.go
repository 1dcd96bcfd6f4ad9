package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// textColumns are tried in this order where no column was chosen.
var textColumns = []string{"text", "content", "raw_content"}

// cirrusIndex begins the line that CirrusSearch dumps put before each page.
var cirrusIndex = []byte(`{"index":{"_`)

// lines sends every line but blank ones.
func (f *feed) lines(lines *lineReader, form form) {
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errTooLong):
			if !f.problem(f.rejected(lines.number, TooLong, longLine)) {
				return
			}
		case err != nil:
			f.problem(*f.broken(lines.number, err))
			return
		case form == jsonObject && bytes.HasPrefix(line, cirrusIndex):
		case !isBlank(line) && !f.add(row{line: lines.number, form: form}, line):
			return
		}
	}
}

// pick is a value to find in JSON objects: by its name, or by names joined by full stops for one inside another. A name
// that holds full stops itself comes first, and the last of several of one name.
type pick struct {
	path  string
	value []byte // as JSON; nil where there is none
	exact bool
}

func (p *pick) see(name, value []byte) {
	switch {
	case string(name) == p.path:
		p.value, p.exact = value, true
	case !p.exact && len(name) < len(p.path) && p.path[len(name)] == '.' && p.path[:len(name)] == string(name):
		inner := pick{path: p.path[len(name)+1:]}
		members(value, inner.see)
		p.value = inner.value
	}
}

// pickAll sets the values of picks from a line, by encoding/json where the scanner doesn't take the line.
func pickAll(line []byte, picks []pick) error {
	for i := range picks {
		picks[i].value, picks[i].exact = nil, false
	}
	see := func(name, value []byte) {
		for i := range picks {
			picks[i].see(name, value)
		}
	}
	if members(line, see) {
		return nil
	}
	for i := range picks {
		picks[i].value, picks[i].exact = nil, false
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		return err
	}
	for name, value := range object {
		see([]byte(name), value)
	}
	return nil
}

// What a value may be as a text.
const (
	noString     = iota
	brokenString // holds half of a character
	wholeString
)

// stringOf is the text of a JSON string; unescaped into space, which it returns grown, where it has to be. Lists of
// strings are joined by line ends: a column of paragraphs.
func stringOf(value, space []byte) (text, used []byte, state int) {
	switch {
	case len(value) == 0:
		return nil, space, noString
	case value[0] == '"':
		text, used, whole := insideOf(value[1:len(value)-1], space)
		if !whole {
			return text, used, brokenString
		}
		return text, used, wholeString
	case value[0] == '[':
		var list []string
		if json.Unmarshal(value, &list) != nil {
			return nil, space, noString
		}
		return []byte(strings.Join(list, "\n")), space, wholeString
	}
	return nil, space, noString
}

// insideOf is the text of a string without its quotes.
func insideOf(inside, space []byte) (text, used []byte, whole bool) {
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside, space, true
	}
	text, whole = unescape(space[:0], inside)
	return text, text, whole
}

var halfCharacter = ablation.Label{
	EN: "the text holds half of a character (a \\ud800 to \\udfff without its other half): mend the row, or write the file again",
	JA: "本文に文字の片割れ（対になっていない \\ud800〜\\udfff）があります。行を直すか、ファイルを作り直してください",
}

// noText says why a row has no text.
func noText(column string, there bool) ablation.Label {
	switch {
	case column == "":
		return ablation.Label{
			EN: "no string in text, content or raw_content, and no prompt with an answer: choose another column",
			JA: "text、content、raw_content のどれにも文字列がなく、プロンプトと答えの組もありません。別の列を選んでください",
		}
	case there:
		return ablation.Label{
			EN: fmt.Sprintf("column %q isn't a string: choose another column, or mend the row", column),
			JA: fmt.Sprintf("列「%s」が文字列ではありません。別の列を選ぶか、この行を直してください", column),
		}
	}
	return ablation.Label{
		EN: fmt.Sprintf("no column %q: choose another column, or mend the row", column),
		JA: fmt.Sprintf("列「%s」がありません。別の列を選ぶか、この行を直してください", column),
	}
}

// jsonDetail says where a line stops being a JSON object.
func jsonDetail(line []byte, err error) ablation.Label {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")):
		return ablation.Label{
			EN: "a JSON array: JSON lines have one object a line, so convert it, as with jq -c '.[]'",
			JA: "JSON の配列です。JSON Lines は 1 行に 1 つのオブジェクトです。jq -c '.[]' などで変換してください",
		}
	case errors.As(err, &syntax):
		return syntaxDetail(line, syntax.Offset)
	case errors.As(err, &kind):
		return ablation.Label{
			EN: fmt.Sprintf("a JSON %s, not an object: each line must be an object that holds its text in a column", kind.Value),
			JA: fmt.Sprintf("JSON の %s で、オブジェクトではありません。各行を、本文の列を持つオブジェクトにしてください", kind.Value),
		}
	}
	return ablation.Label{EN: "not a JSON object: mend the row", JA: "JSON のオブジェクトではありません。この行を直してください"}
}

func syntaxDetail(line []byte, at int64) ablation.Label {
	if at >= int64(len(line)) {
		return ablation.Label{
			EN: "the JSON breaks off at the end of the line: each object must stand on one line",
			JA: "JSON が行の終わりで途切れています。1 つのオブジェクトを 1 行に書いてください",
		}
	}
	return ablation.Label{
		EN: fmt.Sprintf("byte %d isn't JSON here (%s): mend the row", at, excerpt(line, at)),
		JA: fmt.Sprintf("%d バイト目が JSON ではありません（%s）。この行を直してください", at, excerpt(line, at)),
	}
}

// excerpt is what stands around a byte, for a person to find it.
func excerpt(line []byte, at int64) string {
	return strconv.Quote(strings.ToValidUTF8(string(line[max(0, at-12):min(int64(len(line)), at+12)]), ""))
}
