package corpus

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// languageBytes is how much of a document's beginning its language is told from.
const languageBytes = 320

// Undetermined is the tag of text whose language isn't told: too little of it, or a language that isn't known here.
const Undetermined = "und"

// functionWords are frequent words that tell languages of Latin letters apart.
var functionWords = map[string][]string{
	"en": {"the", "of", "and", "to", "in", "is", "that", "for", "it", "with", "was", "as", "are", "on", "be", "this", "you"},
	"de": {"der", "die", "und", "das", "ist", "den", "von", "mit", "nicht", "ein", "eine", "auf", "dem", "zu", "des", "sich"},
	"fr": {"le", "la", "les", "et", "des", "est", "une", "dans", "que", "pour", "qui", "pas", "sur", "du", "au", "il"},
	"es": {"el", "los", "las", "y", "que", "del", "una", "por", "con", "para", "es", "se", "su", "lo", "como", "más"},
	"it": {"il", "di", "che", "e", "della", "per", "una", "sono", "con", "non", "gli", "nel", "alla", "più", "anche", "è"},
	"pt": {"o", "os", "que", "do", "da", "em", "um", "uma", "para", "com", "não", "por", "mais", "dos", "ao", "são"},
	"nl": {"het", "een", "van", "en", "dat", "niet", "voor", "met", "zijn", "aan", "ook", "naar", "bij", "wordt", "maar", "je"},
}

// wordLanguages are the languages of each function word.
var wordLanguages = func() map[string][]string {
	languages := map[string][]string{}
	for language, words := range functionWords {
		for _, word := range words {
			languages[word] = append(languages[word], language)
		}
	}
	return languages
}()

// scripts counts a text's characters by what they say about its language.
type scripts struct {
	kana, han, hangul, cyrillic, latin, other int
	marks, ascii                              int // of programs; ASCII but white space
}

// languageOf tells a text's language from its scripts and, for Latin letters, its function words: ja, zh, ko, ru, en, de,
// fr, es, it, pt, nl, or "code". It is there to find a wrong label, not to sort text.
func languageOf(text []byte) string {
	text = text[:min(len(text), languageBytes)]
	s := count(text)
	east, letters := s.kana+s.han+s.hangul, s.latin/4+s.cyrillic/4+s.other/4
	switch {
	case east == 0 && s.latin+s.cyrillic+s.other == 0:
		return Undetermined
	case s.marks*10 > s.ascii && s.ascii > 2*east:
		return "code"
	case east > letters:
		return s.eastern()
	case s.cyrillic > s.latin && s.cyrillic > s.other:
		return "ru"
	case s.other > s.latin:
		return Undetermined
	}
	return byWords(text)
}

func (s scripts) eastern() string {
	switch {
	case s.hangul > s.kana+s.han:
		return "ko"
	case s.kana*20 > s.kana+s.han:
		return "ja"
	}
	return "zh"
}

func count(text []byte) (s scripts) {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			s.countASCII(text[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		switch {
		case r >= 0x3041 && r <= 0x30ff || r >= 0xff66 && r <= 0xff9f:
			s.kana++
		case r >= 0x3400 && r <= 0x9fff:
			s.han++
		case unicode.Is(unicode.Hangul, r):
			s.hangul++
		case unicode.Is(unicode.Cyrillic, r):
			s.cyrillic++
		case unicode.Is(unicode.Latin, r):
			s.latin++
		case unicode.IsLetter(r):
			s.other++
		}
	}
	return s
}

func (s *scripts) countASCII(b byte) {
	if b <= ' ' {
		return
	}
	s.ascii++
	switch {
	case b|0x20 >= 'a' && b|0x20 <= 'z':
		s.latin++
	case programMarks[b]:
		s.marks++
	}
}

// programMarks are frequent in programs and rare in prose.
var programMarks = func() (marks [utf8.RuneSelf]bool) {
	for _, b := range []byte("{}[]()=<>;&|*#/\\+$_") {
		marks[b] = true
	}
	return marks
}()

// byWords is the language with the most function words, where they are a twentieth of all words and no other has as many.
func byWords(text []byte) string {
	words, counts := 0, map[string]int{}
	for word := range bytes.FieldsFuncSeq(bytes.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		words++
		for _, language := range wordLanguages[string(word)] {
			counts[language]++
		}
	}
	best, most, tie := Undetermined, words/20, false
	for language, n := range counts {
		switch {
		case n > most:
			best, most, tie = language, n, false
		case n == most && best != Undetermined:
			tie = true
		}
	}
	if tie {
		return Undetermined
	}
	return best
}
