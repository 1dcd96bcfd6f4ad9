package corpus

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// script is how a language is cut into sentences and joined again.
type script struct {
	joint string // between two sentences of a paragraph
	// paragraphs are the runs of sentences that follow each other without a break in the text.
	paragraphs func(text string) [][]string
}

// scriptOf is the script of a language label: sentences that end in 。 for Japanese and Chinese, lines for code, sentences
// that end in a full stop before a space for all others.
func scriptOf(lang string) script {
	base, _, _ := strings.Cut(lang, "-")
	switch base {
	case "ja", "zh":
		return script{joint: "", paragraphs: wideParagraphs}
	case "code":
		return script{joint: "\n", paragraphs: lineParagraphs}
	}
	return script{joint: " ", paragraphs: spacedParagraphs}
}

// lineParagraphs are the lines between blank lines, with their indentation.
func lineParagraphs(text string) [][]string {
	return runs(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) != "" })
}

// runs are the stretches of pieces that are kept; a piece that isn't breaks its run.
func runs(pieces []string, keep func(string) bool) [][]string {
	var kept [][]string
	open := false
	for _, piece := range pieces {
		switch {
		case !keep(piece):
			open = false
		case !open:
			kept, open = append(kept, []string{piece}), true
		default:
			kept[len(kept)-1] = append(kept[len(kept)-1], piece)
		}
	}
	return kept
}

// wideParagraphs takes each line as a paragraph: Japanese text breaks lines where paragraphs end. What has no full stop (a
// heading, an item of a list) is no sentence.
func wideParagraphs(text string) [][]string {
	var paragraphs [][]string
	for line := range strings.Lines(text) {
		paragraphs = append(paragraphs, runs(wideSentences(strings.TrimSpace(line)), mostlyWide)...)
	}
	return paragraphs
}

const (
	wideEnds   = "。．！？"
	wideOpens  = "「『（(【〈《"
	wideCloses = "」』）)】〉》"
)

// wideSentences cuts a line after 。！？ and closing brackets. A full stop inside brackets ends nothing: 「そうだ。」と言った。
// is one sentence, 「そうだ。」 before a line's end is one too.
func wideSentences(line string) []string {
	var sentences []string
	start, depth := 0, 0
	for i, r := range line {
		next := i + utf8.RuneLen(r)
		switch {
		case strings.ContainsRune(wideOpens, r):
			depth++
		case strings.ContainsRune(wideCloses, r):
			depth = max(depth-1, 0)
		}
		ended := strings.ContainsRune(wideEnds, r) && depth == 0 ||
			next == len(line) && depth == 0 && endsInQuote(line)
		if ended && !strings.ContainsAny(firstRune(line[next:]), wideEnds+wideCloses) {
			sentences = append(sentences, strings.TrimSpace(line[start:next]))
			start = next
		}
	}
	return sentences
}

func firstRune(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

// endsInQuote reports whether a line ends with a quoted sentence, such as 「行こう。」 or 「行こう」.
func endsInQuote(line string) bool {
	return strings.HasSuffix(line, "」") || strings.HasSuffix(line, "』")
}

// mostlyWide keeps file names, options and quoted English out: at least half of the characters are kana or kanji.
func mostlyWide(sentence string) bool {
	wide := 0
	for _, r := range sentence {
		if unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) {
			wide++
		}
	}
	return wide*2 >= utf8.RuneCountInString(sentence)
}

// spacedParagraphs takes what stands between blank lines as a paragraph, whose line ends are spaces. Pieces that don't
// start as a sentence or are hardly letters are no sentences.
func spacedParagraphs(text string) [][]string {
	var paragraphs [][]string
	for _, block := range lineParagraphs(text) {
		words := strings.Fields(strings.Join(block, " "))
		paragraphs = append(paragraphs, runs(spacedSentences(words), func(sentence string) bool {
			return startsSentence(sentence) && mostlyLetters(sentence)
		})...)
	}
	return paragraphs
}

// spacedSentences joins words into sentences; a last piece without a full stop is left out.
func spacedSentences(words []string) []string {
	var sentences []string
	start := 0
	for i, word := range words {
		if !endsSentence(word) || i+1 < len(words) && !startsSentence(words[i+1]) {
			continue
		}
		sentences = append(sentences, strings.Join(words[start:i+1], " "))
		start = i + 1
	}
	return sentences
}

// abbreviations end in a full stop that ends no sentence when a capital follows.
var abbreviations = map[string]bool{
	"mr.": true, "mrs.": true, "ms.": true, "dr.": true, "prof.": true, "st.": true, "jr.": true, "sr.": true,
	"vs.": true, "cf.": true, "e.g.": true, "i.e.": true, "viz.": true, "al.": true, "fig.": true, "no.": true,
	"vol.": true, "ch.": true, "sec.": true, "pp.": true, "ed.": true, "gen.": true, "col.": true, "capt.": true,
	"lt.": true, "rev.": true, "hon.": true, "messrs.": true, "approx.": true, "dept.": true,
}

func endsSentence(word string) bool {
	bare := strings.TrimRight(word, `"')]”’`)
	if !strings.HasSuffix(bare, ".") {
		return strings.HasSuffix(bare, "!") || strings.HasSuffix(bare, "?")
	}
	bare = strings.ToLower(strings.TrimLeft(bare, `"'([“‘`))
	initial, size := utf8.DecodeRuneInString(bare)
	return !abbreviations[bare] && (bare[size:] != "." || !unicode.IsLetter(initial))
}

func startsSentence(word string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(word, `"'([“‘`))
	return unicode.IsUpper(r)
}

// mostlyLetters keeps formulas and lists of numbers out: at least two thirds are letters and spaces.
func mostlyLetters(sentence string) bool {
	letters := 0
	for _, r := range sentence {
		if unicode.IsLetter(r) || r == ' ' {
			letters++
		}
	}
	return letters*3 >= utf8.RuneCountInString(sentence)*2
}
