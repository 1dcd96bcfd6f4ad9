package demotext

// Seams for the tests: what the files of packages become.
var (
	ManProse      = manProse
	HTMLProse     = htmlProse
	MarkdownProse = markdownProse
	Messages      = messages
	Decoded       = decoded
	Untar         = untar
)

// Keep is the document that a fresh sieve of a language makes of paragraphs.
func Keep(lang string, paragraphs []string) string { return newSieve(lang).keep(paragraphs) }

// IsProse reports whether a paragraph passes.
func IsProse(lang, paragraph string) bool { return isProse(lang, paragraph) }
