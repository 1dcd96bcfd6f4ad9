package demotext

// Seams for the tests: what the files of packages become.
var (
	ManProse       = manProse
	HTMLProse      = htmlProse
	MarkdownProse  = markdownProse
	Messages       = messages
	ScriptMessages = scriptMessages
	Pieces         = pieces
	Decoded        = decoded
	Untar          = untar
)

// Keep is the document that a fresh sieve of a language makes of paragraphs.
func Keep(lang string, paragraphs []string) string { return newSieve(lang).keep(paragraphs) }

// IsProse reports whether a paragraph passes.
func IsProse(lang, paragraph string) bool { return isProse(lang, paragraph) }

// ElectronManual is what Electron's manual in one file gives to a language.
func ElectronManual(locale string, data []byte) []string {
	read, _ := electronManual(locale)("docs.json")
	return read(data)
}

// DebianReads reports whether a language's part of a Debian package reads a file of it.
func DebianReads(pkg, lang, path string) bool {
	for _, p := range debianParts() {
		if p.pkg == pkg && p.lang == lang {
			_, ok := p.prose(path)
			return ok
		}
	}
	return false
}
