package corpus

// Paragraphs cuts text into sentences as NextSentence does.
func Paragraphs(lang, text string) [][]string { return scriptOf(lang).paragraphs(text) }

// Pick is a value of a JSON object and its text, as rows are read; by the scanner alone where that is asked for.
func Pick(line []byte, path string, scannerOnly bool) (text string, whole, ok bool) {
	picks := []pick{{path: path}}
	if scannerOnly {
		if !members(line, picks[0].see) {
			return "", false, false
		}
	} else if pickAll(line, picks) != nil {
		return "", false, false
	}
	inside, _, state := stringOf(picks[0].value, nil)
	return string(inside), state == wholeString, true
}

// Line is a document's line.
func Line(id, text string) string { return string(appendDocument(nil, id, []byte(text))) }

// LanguageOf tells a text's language.
func LanguageOf(text string) string { return languageOf([]byte(text)) }

// Grams are the hashes of a text's 13-grams.
func Grams(text string) []uint64 {
	return gramsOf([]byte(text), nil)
}

// InvalidUTF8 is where data stops being UTF-8, -1 where it doesn't.
func InvalidUTF8(data []byte) int { return invalidUTF8(data) }

// Quantiles are those of some lengths.
func Quantiles(all []int64) Lengths {
	var l lengths
	for _, length := range all {
		l.add(length)
	}
	return l.quantiles()
}
