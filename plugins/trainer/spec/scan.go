package spec

import (
	"bytes"
	"encoding/json"
)

// The scanners below walk text that json.Valid has passed. They exist because a json.Decoder per value makes reading an
// event ten times slower.

// members calls each for every member of an object, in order, and says whether raw is one.
func members(raw json.RawMessage, each func(name string, value json.RawMessage)) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(raw), []byte{'{'})
	for rest = skip(rest); ok && rest[0] != '}'; rest = skip(rest) {
		n := end(rest)
		name := unquote(rest[:n])
		rest = skip(rest[n:])
		n = end(rest)
		each(name, rest[:n:n])
		rest = rest[n:]
	}
	return ok
}

// items is the values of a list, and whether raw is one.
func items(raw json.RawMessage) (values []json.RawMessage, ok bool) {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(raw), []byte{'['})
	for rest = skip(rest); ok && rest[0] != ']'; rest = skip(rest) {
		n := end(rest)
		values = append(values, rest[:n:n])
		rest = rest[n:]
	}
	return values, ok
}

// skip drops white space and the separators between values.
func skip(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n,:") }

// end is the length of the value that text begins with.
func end(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i += quoted(text[i:]) - 1; depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
			if depth < 0 {
				return i
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// quoted is the length of the string that text begins with, quotes included.
func quoted(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

func unquote(text []byte) string {
	if !bytes.ContainsRune(text, '\\') {
		return string(text[1 : len(text)-1])
	}
	var s string
	_ = json.Unmarshal(text, &s) // valid by the scanners' condition
	return s
}
