package score

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// AnswerTokens bounds a greedy answer, in byte tokens: 64, and no more than a quarter of a row, so that most of it is left
// for the context.
func AnswerTokens(rowTokens int) int { return max(1, min(64, rowTokens/4)) }

// Ends reports whether a byte ends a greedy answer. The separator does, too.
func Ends(b byte) bool { return b == '\n' }

// Text is a greedy answer's bytes as a text: a character that the bound has cut in two at the end is left out, as is white
// space around it; bytes that aren't UTF-8 become U+FFFD.
func Text(answer []byte) string {
	for n := 1; n < utf8.UTFMax && n <= len(answer); n++ {
		if tail := answer[len(answer)-n:]; utf8.RuneStart(tail[0]) && !utf8.FullRune(tail) {
			answer = answer[:len(answer)-n]
			break
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(answer), "\uFFFD"))
}

// compare is the best exact match and the best F1 of characters of an answer with the accepted ones.
func compare(given string, accepted []string) (exact, f1 float64) {
	got := []rune(plain(given))
	for _, a := range accepted {
		want := []rune(plain(a))
		if string(got) == string(want) {
			return 1, 1
		}
		f1 = max(f1, overlap(got, want))
	}
	return 0, f1
}

// plain is a text as answers are compared; one of nothing but punctuation stays as it is.
func plain(text string) string {
	text = strings.ToLower(norm.NFKC.String(strings.TrimSpace(text)))
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return r
	}, text)
	if bare == "" {
		return text
	}
	return bare
}

// overlap is the F1 of two bags of characters: 2 × common ÷ all.
func overlap(got, want []rune) float64 {
	left := map[rune]int{}
	for _, r := range want {
		left[r]++
	}
	common := 0
	for _, r := range got {
		if left[r] > 0 {
			left[r]--
			common++
		}
	}
	if common == 0 {
		return 0
	}
	return 2 * float64(common) / float64(len(got)+len(want))
}
