package ablation

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a document: the YAML parser takes quadratic time, and its recursion isn't bounded.
const (
	maxDocument = 256 << 10
	maxNesting  = 50
)

func (r *reader) readable(data []byte) bool {
	top := &node{line: 1, column: 1}
	switch {
	case len(data) > maxDocument:
		r.problem(top, say("the document has %d bytes; at most %d are read: is it a sweep file?", "文書が %d バイトあります。読めるのは %d バイトまでです。スイープのファイルか確かめてください", len(data), maxDocument))
	case !utf8.Valid(data):
		line, column := place(data, validPrefix(data))
		r.problem(&node{line: line, column: column}, say("the text isn't UTF-8; save the file as UTF-8", "UTF-8 ではありません。UTF-8 で保存してください"))
	case bytes.IndexFunc(data, control) >= 0:
		line, column := place(data, bytes.IndexFunc(data, control))
		r.problem(&node{line: line, column: column}, noControl())
	case nesting(data) > maxNesting:
		r.problem(top, say("brackets and lists are nested more than %d deep; a sweep file needs fewer than ten: close those left open", "かっこや一覧の入れ子が %d 段を超えています。必要なのは 10 段未満です。閉じ忘れを確かめてください", maxNesting))
	default:
		return true
	}
	return false
}

// control reports whether c is a control character that no text of a document has use for.
func control(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }

func noControl() Label {
	return say("a control character stands here, which nobody sees; remove it, or the escape that writes it", "目に見えない制御文字があります。その文字か、それを表すエスケープを消してください")
}

// validPrefix is the number of bytes before the first that isn't UTF-8.
func validPrefix(data []byte) int {
	n := 0
	for n < len(data) {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

func place(data []byte, offset int) (line, column int) {
	before := string(data[:offset])
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
}

// nesting is how deep brackets, and list or key marks on one line, could nest.
func nesting(data []byte) int {
	deepest, open, marks := 0, 0, 0
	for i, c := range data {
		switch c {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '\n':
			marks = 0
		case ' ':
			if i > 0 && (data[i-1] == '-' || data[i-1] == '?') {
				marks++
			}
		}
		deepest = max(deepest, open, marks)
	}
	return deepest
}
