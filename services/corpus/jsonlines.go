package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// textColumns are tried in this order where no column was chosen.
var textColumns = []string{"text", "content", "raw_content"}

// jsonLines yields the text of each line's object. Blank lines are passed over.
func (in input) jsonLines(r io.Reader, column string) iter.Seq[found] {
	return func(yield func(found) bool) {
		for lines := newLineReader(r); ; {
			line, err := lines.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, errTooLong):
				if !yield(in.problem(lines.number, TooLong, "a line above 32 MiB: cut the document into several")) {
					return
				}
			case err != nil:
				yield(in.broken(lines.number, err))
				return
			case !isBlank(line) && !yield(in.jsonDocument(lines.number, line, column)):
				return
			}
		}
	}
}

func (in input) jsonDocument(number int64, line []byte, column string) found {
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	// Checked before decoding: encoding/json would put U+FFFD in place of broken bytes.
	if bad := invalidUTF8(line); bad >= 0 {
		return in.problem(number, NotUTF8, encodingDetail(line, bad))
	}
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		return in.problem(number, BadJSON, jsonDetail(line, err))
	}
	if half := loneSurrogate(line); half != "" {
		return in.problem(number, NotUTF8, half+" is half of a character: mend the row")
	}
	text, err := textOf(object, column)
	if err != nil {
		return in.problem(number, NoText, err.Error())
	}
	return in.cleanDocument(fmt.Sprintf("%s:%d", in.id, number), number, text)
}

// loneSurrogate is the first \uD800–\uDFFF escape in a JSON text that isn't one of a pair, "" where there is none:
// encoding/json would put U+FFFD in its place.
func loneSurrogate(line []byte) string {
	for i := 0; i+1 < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		i++ // what is escaped
		high := escaped(line, i)
		if !utf16.IsSurrogate(high) {
			continue
		}
		if i+6 < len(line) && line[i+5] == '\\' && utf16.DecodeRune(high, escaped(line, i+6)) != unicode.ReplacementChar {
			i += 10
			continue
		}
		return string(line[i-1 : i+5])
	}
	return ""
}

// escaped is the rune of the uXXXX at i, 0 where there is none.
func escaped(line []byte, i int) rune {
	if i+5 > len(line) || line[i] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(line[i+1:i+5]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

// textOf is the string in the chosen column, or in the first of textColumns that holds one.
func textOf(object map[string]any, column string) (string, error) {
	if column != "" {
		value, ok := object[column]
		if !ok {
			return "", fmt.Errorf("no column %q: choose another with --column, or mend the row", column)
		}
		text, ok := value.(string)
		if !ok {
			return "", fmt.Errorf("column %q isn't a string: choose another with --column, or mend the row", column)
		}
		return text, nil
	}
	for _, name := range textColumns {
		if text, ok := object[name].(string); ok {
			return text, nil
		}
	}
	return "", errors.New("no string in text, content or raw_content: choose the column with --column")
}

// jsonDetail says where a line stops being a JSON object.
func jsonDetail(line []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case line[0] == '[':
		return "a JSON array: JSON lines have one object a line, so convert it, as with jq -c '.[]'"
	case errors.As(err, &syntax):
		if syntax.Offset >= int64(len(line)) {
			return "the JSON breaks off at the end of the line: each object must stand on one line"
		}
		return fmt.Sprintf("byte %d isn't JSON here (%s): mend the row", syntax.Offset, excerpt(line, syntax.Offset))
	case errors.As(err, &kind):
		return fmt.Sprintf("a JSON %s, not an object: each line must be an object that holds its text in a column", kind.Value)
	}
	return "not a JSON object: mend the row"
}

// excerpt is what stands around a byte, for a person to find it.
func excerpt(line []byte, at int64) string {
	return strconv.Quote(strings.ToValidUTF8(string(line[max(0, at-12):min(int64(len(line)), at+12)]), ""))
}
