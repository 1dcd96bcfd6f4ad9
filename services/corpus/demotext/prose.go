package demotext

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// joinLines makes one line of a paragraph's lines: spaces collapse, and where a line ends and the next begins with a
// Japanese character, or with glue, there is none. Neither is there one after a Japanese full stop or comma, where
// typists who think in troff put it.
func joinLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		indented := strings.HasPrefix(line, " ")
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		if b.Len() > 0 && needsSpace(b.String(), line, indented) {
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return strings.NewReplacer(string(glue), "", "。 ", "。", "、 ", "、").Replace(b.String())
}

func needsSpace(before, after string, indented bool) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	if last == glue {
		return indented
	}
	return first != glue && (!isWide(last) || !isWide(first))
}

// isWide covers kana, kanji and the punctuation that stands with them.
func isWide(r rune) bool {
	return r >= 0x3000 && r <= 0x30ff || unicode.Is(unicode.Han, r) || r >= 0xff00 && r <= 0xffef
}

// sieve keeps the paragraphs of one language that are prose and weren't kept before: menus, signatures, tables of options
// and what every page repeats fall through.
type sieve struct {
	lang string
	seen map[[16]byte]bool
}

func newSieve(lang string) *sieve { return &sieve{lang: lang, seen: map[[16]byte]bool{}} }

// keep is the document made of the paragraphs that pass, "" where too little is left to be one.
func (s *sieve) keep(paragraphs []string) string {
	var kept []string
	for _, paragraph := range paragraphs {
		digest := sha256.Sum256([]byte(paragraph))
		key := [16]byte(digest[:16])
		if !isProse(s.lang, paragraph) || s.seen[key] {
			continue
		}
		s.seen[key] = true
		kept = append(kept, paragraph)
	}
	document := strings.Join(kept, "\n\n")
	if len(document) < 200 {
		return ""
	}
	return document
}

func isProse(lang, paragraph string) bool {
	if strings.ContainsRune(paragraph, utf8.RuneError) {
		return false
	}
	if lang == "ja" {
		return isJapaneseProse(paragraph)
	}
	return isEnglishProse(paragraph)
}

// isJapaneseProse wants hiragana, two fifths of the characters Japanese (two thirds of the bytes: manuals quote names and
// options), and a full stop or the length of a sentence.
func isJapaneseProse(paragraph string) bool {
	wide, hiragana, all := 0, 0, 0
	for _, r := range paragraph {
		if r == ' ' {
			continue
		}
		all++
		if isWide(r) {
			wide++
		}
		if unicode.Is(unicode.Hiragana, r) {
			hiragana++
		}
	}
	return hiragana >= 4 && wide*5 >= all*2 && all >= 12 && (all >= 24 || strings.ContainsAny(paragraph, "。．"))
}

// function are words that other languages don't have: some manuals hold pages in another one.
var function = regexp.MustCompile(
	`(?i)\b(the|of|to|is|and|in|be|are|it|this|that|you|not|with|or|by|on|if|an|from|will|can|when)\b`)

// isEnglishProse wants six words, one of them English beyond doubt, few accents, signs and digits, and the end of a
// sentence.
func isEnglishProse(paragraph string) bool {
	letters, accents, all := 0, 0, 0
	for _, r := range paragraph {
		all++
		if unicode.IsLetter(r) && r >= utf8.RuneSelf {
			accents++
		}
		if unicode.IsLetter(r) || strings.ContainsRune(" ,.-()", r) {
			letters++
		}
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(paragraph, `"'(“‘`))
	return len(strings.Fields(paragraph)) >= 6 && function.MatchString(paragraph) &&
		letters*100 >= all*88 && accents*100 <= all && unicode.IsLetter(first) &&
		strings.ContainsAny(paragraph[len(paragraph)-1:], `.!?:)"`)
}
