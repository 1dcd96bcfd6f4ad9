package corpus

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads a JSON object for the few members that are wanted, several times as fast as a decoder that builds all of
// it. It takes nothing that encoding/json refuses; what it doesn't take, encoding/json has the last word on.
type scanner struct {
	data []byte
	at   int
}

// maxDepth is how deep values may nest; deeper ones are left to encoding/json.
const maxDepth = 64

// members calls found with each member of the object that data is: its name, unescaped, and the bytes of its value,
// valid until found returns. It reports whether data is one object and nothing else.
func members(data []byte, found func(name, value []byte)) bool {
	s := scanner{data: data}
	s.space()
	return s.object(0, found) && s.end()
}

func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.data)
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take passes over one byte where it is the next.
func (s *scanner) take(b byte) bool {
	if s.at < len(s.data) && s.data[s.at] == b {
		s.at++
		return true
	}
	return false
}

func (s *scanner) object(depth int, found func(name, value []byte)) bool {
	if depth > maxDepth || !s.take('{') {
		return false
	}
	s.space()
	if s.take('}') {
		return true
	}
	for {
		s.space()
		name, plain, ok := s.str()
		if !ok {
			return false
		}
		s.space()
		if !s.take(':') {
			return false
		}
		s.space()
		start := s.at
		if !s.value(depth + 1) {
			return false
		}
		if found != nil {
			if !plain {
				name, _ = unescape(nil, name)
			}
			found(name, s.data[start:s.at])
		}
		if more, ok := s.more('}'); !ok || !more {
			return ok
		}
	}
}

// more passes over a comma, or the closing byte after which there is no more.
func (s *scanner) more(closing byte) (more, ok bool) {
	s.space()
	if s.take(',') {
		return true, true
	}
	return false, s.take(closing)
}

func (s *scanner) array(depth int) bool {
	if depth > maxDepth || !s.take('[') {
		return false
	}
	s.space()
	if s.take(']') {
		return true
	}
	for {
		s.space()
		if !s.value(depth + 1) {
			return false
		}
		if more, ok := s.more(']'); !ok || !more {
			return ok
		}
	}
}

func (s *scanner) value(depth int) bool {
	if s.at >= len(s.data) {
		return false
	}
	switch s.data[s.at] {
	case '"':
		_, _, ok := s.str()
		return ok
	case '{':
		return s.object(depth, nil)
	case '[':
		return s.array(depth)
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

func (s *scanner) word(word string) bool {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

func (s *scanner) number() bool {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	if s.take('e') || s.take('E') {
		_ = s.take('+') || s.take('-')
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.data) && s.data[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > start
}

// str is the inside of a string, as it stands; plain is whether it holds no escapes.
func (s *scanner) str() (inside []byte, plain, ok bool) {
	if !s.take('"') {
		return nil, false, false
	}
	start := s.at
	plain = true
	for {
		s.at = special(s.data, s.at)
		if s.at >= len(s.data) {
			return nil, false, false
		}
		switch s.data[s.at] {
		case '"':
			s.at++
			return s.data[start : s.at-1], plain, true
		case '\\':
			plain = false
			if !s.escape() {
				return nil, false, false
			}
		default:
			return nil, false, false // a control character
		}
	}
}

func (s *scanner) escape() bool {
	if s.at+1 >= len(s.data) {
		return false
	}
	if unescaped[s.data[s.at+1]] != 0 {
		s.at += 2
		return true
	}
	if s.data[s.at+1] != 'u' {
		return false
	}
	if _, ok := hex4(s.data[s.at+2:]); !ok {
		return false
	}
	s.at += 6
	return true
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// special is where the next quotation mark, backslash or control character stands, at or after a place: eight bytes at
// a time, by the carry of a subtraction.
func special(data []byte, at int) int {
	for ; at+8 <= len(data); at += 8 {
		word := binary.LittleEndian.Uint64(data[at:])
		quote, slash := word^('"'*eachByte), word^('\\'*eachByte)
		hit := (word-0x20*eachByte)&^word | (quote-eachByte)&^quote | (slash-eachByte)&^slash
		if hit &= highBits; hit != 0 {
			return at + bits.TrailingZeros64(hit)/8
		}
	}
	for ; at < len(data); at++ {
		if b := data[at]; b < 0x20 || b == '"' || b == '\\' {
			return at
		}
	}
	return at
}

func hex4(data []byte) (rune, bool) {
	if len(data) < 4 {
		return 0, false
	}
	var r rune
	for _, b := range data[:4] {
		switch {
		case b-'0' <= 9:
			r = r<<4 | rune(b-'0')
		case b|0x20 >= 'a' && b|0x20 <= 'f':
			r = r<<4 | rune(b|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unescape appends the text of a string whose escapes were checked. Half a surrogate pair becomes U+FFFD, as in
// encoding/json; then the text isn't whole.
func unescape(out, inside []byte) (text []byte, whole bool) {
	whole = true
	for {
		at := indexBackslash(inside)
		out = append(out, inside[:at]...)
		if at == len(inside) {
			return out, whole
		}
		inside = inside[at:]
		if len(inside) < 2 || inside[1] == 'u' && len(inside) < 6 {
			return out, false // a damaged line of our own
		}
		if inside[1] != 'u' {
			out = append(out, unescaped[inside[1]])
			inside = inside[2:]
			continue
		}
		r, _ := hex4(inside[2:])
		inside = inside[6:]
		if utf16.IsSurrogate(r) {
			r, inside = pair(r, inside)
			whole = whole && r != utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
	}
}

// pair is the character of a surrogate and its other half, where that follows.
func pair(first rune, rest []byte) (rune, []byte) {
	if len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		second, _ := hex4(rest[2:])
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, rest[6:]
		}
	}
	return utf8.RuneError, rest
}

// unescaped is what stands for what after a backslash, \u apart; a table, as which comes next can't be foreseen.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
