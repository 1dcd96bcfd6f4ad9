package corpus

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"

	"github.com/haigo-lab/haigo/services/ablation"
)

// encodingDetail describes text that stops being UTF-8 at data[bad], with the encoding that its line looks like.
func encodingDetail(data []byte, bad int) ablation.Label {
	name := guessEncoding(data, bad)
	if name == "" {
		return ablation.Label{
			EN: fmt.Sprintf("byte 0x%02X isn't UTF-8: save the file as UTF-8, or convert it with iconv -t UTF-8", data[bad]),
			JA: fmt.Sprintf("バイト 0x%02X は UTF-8 ではありません。UTF-8 で保存し直すか、iconv -t UTF-8 で変換してください", data[bad]),
		}
	}
	return ablation.Label{
		EN: fmt.Sprintf("byte 0x%02X isn't UTF-8; it looks like %s: convert it with iconv -f %[2]s -t UTF-8", data[bad], name),
		JA: fmt.Sprintf("バイト 0x%02X は UTF-8 ではなく、%s のようです。iconv -f %[2]s -t UTF-8 で変換してください", data[bad], name),
	}
}

// guessEncoding names the likeliest encoding, "" where none is likely.
func guessEncoding(data []byte, bad int) string {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "UTF-16"
	}
	line := lineAround(data, bad)
	switch {
	case readsAs(japanese.EUCJP, line):
		return "EUC-JP"
	case readsAs(japanese.ShiftJIS, line):
		return "SHIFT_JIS"
	case mostlyASCII(line):
		return "WINDOWS-1252"
	}
	return ""
}

func lineAround(data []byte, at int) []byte {
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	if end := bytes.IndexByte(data[at:], '\n'); end >= 0 {
		return data[start : at+end]
	}
	return data[start:]
}

// readsAs reports whether the line decodes without loss to something with kana in it. Kana, not kanji: an accented
// letter and the letter after it are a kanji in Shift_JIS.
func readsAs(e encoding.Encoding, line []byte) bool {
	text, err := e.NewDecoder().String(string(line))
	if err != nil || strings.ContainsRune(text, utf8.RuneError) {
		return false
	}
	return strings.ContainsFunc(text, fullWidthKana)
}

func fullWidthKana(r rune) bool {
	return r < 0xff00 && unicode.In(r, unicode.Hiragana, unicode.Katakana)
}

func mostlyASCII(line []byte) bool {
	high := 0
	for _, b := range line {
		if b >= utf8.RuneSelf {
			high++
		}
	}
	return high*4 <= len(line)
}
