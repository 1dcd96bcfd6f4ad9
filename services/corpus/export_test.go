package corpus

// Paragraphs cuts text into sentences as NextSentence does.
func Paragraphs(lang, text string) [][]string { return scriptOf(lang).paragraphs(text) }
