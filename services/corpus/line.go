package corpus

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"unicode/utf8"
)

// appendDocument appends a document's line, as encoding/json writes it without escapes for HTML. The text is valid UTF-8.
func appendDocument(out []byte, id string, text []byte) []byte {
	out = append(out, `{"id":`...)
	out = appendID(out, id)
	out = append(out, `,"text":"`...)
	out = appendEscaped(out, text)
	return append(out, "\"}\n"...)
}

// appendID appends a quoted id; file names may be any bytes, which encoding/json mends.
func appendID(out []byte, id string) []byte {
	if utf8.ValidString(id) {
		out = append(out, '"')
		out = appendEscaped(out, []byte(id))
		return append(out, '"')
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return append(out, `""`...) // a string always has JSON
	}
	return append(out, quoted...)
}

const hexDigits = "0123456789abcdef"

// appendEscaped appends text with the escapes that encoding/json gives it.
func appendEscaped(out, text []byte) []byte {
	for {
		at := unusual(text)
		out = append(out, text[:at]...)
		if at == len(text) {
			return out
		}
		text = text[at:]
		size, b := 1, text[0]
		switch {
		case escaped[b] != 0:
			out = append(out, '\\', escaped[b])
		case b == 0xe2:
			size = min(3, len(text))
			out = appendSeparator(out, text[:size])
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		}
		text = text[size:]
	}
}

// escaped is what stands after a backslash for what has an escape of two characters.
var escaped = [256]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendSeparator appends a character that begins with 0xE2: U+2028 and U+2029 are escaped for JavaScript's sake.
func appendSeparator(out, char []byte) []byte {
	if len(char) == 3 && char[1] == 0x80 && char[2]&^1 == 0xa8 {
		return append(out, '\\', 'u', '2', '0', '2', hexDigits[char[2]&15])
	}
	return append(out, char...)
}

// unusual is where the next byte stands that may need an escape: those of special, and 0xE2.
func unusual(text []byte) int {
	at := 0
	for ; at+8 <= len(text); at += 8 {
		word := binary.LittleEndian.Uint64(text[at:])
		quote, slash, sep := word^('"'*eachByte), word^('\\'*eachByte), word^(0xe2*eachByte)
		hit := (word-0x20*eachByte)&^word | (quote-eachByte)&^quote | (slash-eachByte)&^slash | (sep-eachByte)&^sep
		if hit &= highBits; hit != 0 {
			return at + bits.TrailingZeros64(hit)/8
		}
	}
	for ; at < len(text); at++ {
		if b := text[at]; b < 0x20 || b == '"' || b == '\\' || b == 0xe2 {
			return at
		}
	}
	return at
}

func indexBackslash(data []byte) int {
	if at := bytes.IndexByte(data, '\\'); at >= 0 {
		return at
	}
	return len(data)
}
