package corpus

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// languageBytes is how much of a document's beginning its language is told from.
const languageBytes = 320

// Undetermined is the tag of text whose language isn't told: too little of it, or a language that isn't known here.
const Undetermined = "und"

// functionWords are frequent words that tell languages of Latin letters apart.
var functionWords = []struct {
	lang  string
	words string
}{
	{"en", "the of and to in is that for it with was as are on be this you"},
	{"de", "der die und das ist den von mit nicht ein eine auf dem zu des sich"},
	{"fr", "le la les et des est une dans que pour qui pas sur du au il"},
	{"es", "el los las y que del una por con para es se su lo como más"},
	{"it", "il di che e della per una sono con non gli nel alla più anche è"},
	{"pt", "o os que do da em um uma para com não por mais dos ao são"},
	{"nl", "het een van en dat niet voor met zijn aan ook naar bij wordt maar je"},
}

// wordLanguages are the languages of each function word, by its hash as a unit: bits by place in functionWords.
var wordLanguages = func() map[uint64]uint8 {
	languages := map[uint64]uint8{}
	for i, language := range functionWords {
		for _, word := range units([]byte(language.words), nil) {
			languages[word] |= 1 << i
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
	ascii := uint64(0)
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf {
			ascii += asciiKinds[b]
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
	s.ascii = int(ascii & 0xffff)
	s.latin += int(ascii >> 16 & 0xffff)
	s.marks = int(ascii >> 32)
	return s
}

// asciiKinds adds up, in sixteen bits each, what isn't white space, letters, and marks that are frequent in programs and
// rare in prose.
var asciiKinds = func() (kinds [utf8.RuneSelf]uint64) {
	for b := ' ' + 1; b < utf8.RuneSelf; b++ {
		kinds[b] = 1
		if b|0x20 >= 'a' && b|0x20 <= 'z' {
			kinds[b] |= 1 << 16
		}
	}
	for _, b := range "{}[]()=<>;&|*#/\\+$_" {
		kinds[b] |= 1 << 32
	}
	return kinds
}()

// byWords is the language with the most function words, where they are a twentieth of all words and no other has as many.
func byWords(text []byte) string {
	var counts [8]int // by place in functionWords
	words := units(text, make([]uint64, 0, languageBytes))
	for _, word := range words {
		for found := wordLanguages[word]; found != 0; found &= found - 1 {
			counts[bits.TrailingZeros8(found)]++
		}
	}
	best, most := Undetermined, len(words)/20
	for i, n := range counts {
		switch {
		case n > most:
			best, most = functionWords[i].lang, n
		case n == most:
			best = Undetermined
		}
	}
	return best
}
