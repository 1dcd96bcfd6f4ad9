package demotext

import (
	"strings"
)

// manProse is the running text of a manual page, one string a paragraph. Pages in the mdoc macros and pages that only
// point at another have none: they are few, and the first would need a second set of macros.
//
// It understands the man macros as far as prose needs: examples, tables, synopses and lists of authors are dropped, fonts
// and spacing mean nothing.
func manProse(page string) []string {
	p := manPage{}
	for line := range strings.Lines(page) {
		p.line(strings.TrimRight(line, "\r\n"))
	}
	p.flush()
	return p.paragraphs
}

// manPage is the state of reading one page.
type manPage struct {
	paragraphs []string
	words      []string // of the paragraph being read
	until      string   // macro that ends what is being skipped; "" outside
	braces     int      // open \{ of a condition, which is skipped
	section    bool     // a section without prose
	tag        bool     // the next line is a list item's tag
	mdoc       bool
}

// proseless are sections of names, forms and credits, in both languages, in lower case.
var proseless = map[string]bool{
	"synopsis": true, "see also": true, "author": true, "authors": true, "copyright": true, "colophon": true,
	"index": true, "files": true, "reporting bugs": true, "library": true, "attributes": true, "history": true,
	"書式": true, "関連項目": true, "著者": true, "作者": true, "著作権": true, "この文書について": true, "翻訳": true,
	"翻訳者": true, "翻訳者謝辞": true, "ファイル": true, "バグの報告": true, "バグレポート": true, "属性": true,
	"ライブラリ": true, "目次": true,
}

// closers are the macros that end what other macros begin, where what lies between is no prose.
var closers = map[string]string{
	"nf": "fi", "EX": "EE", "TS": "TE", "EQ": "EN", "PS": "PE", "SY": "YS", "de": ".", "de1": ".", "am": ".", "ig": ".",
	"DS": "DE", "Vb": "Ve", "CS": "CE",
}

func (p *manPage) line(line string) {
	if p.skipped(line) || p.mdoc {
		return
	}
	name, arguments, ok := macro(line)
	switch {
	case !ok && (line == "" || strings.HasPrefix(line, " ")):
		p.flush()
		p.text(line)
	case !ok:
		p.text(line)
	default:
		p.macro(name, arguments)
	}
}

// skipped reports whether the line belongs to a condition, a definition, an example or a table.
func (p *manPage) skipped(line string) bool {
	if p.braces > 0 || strings.Contains(line, `\{`) && isCondition(line) {
		p.braces = max(p.braces+strings.Count(line, `\{`)-strings.Count(line, `\}`), 0)
		return true
	}
	if p.until == "" {
		return false
	}
	if name, _, ok := macro(line); ok && name == p.until {
		p.until = ""
	}
	return true
}

func isCondition(line string) bool {
	name, _, ok := macro(line)
	return ok && (name == "if" || name == "ie" || name == "el" || name == "while")
}

// macro takes a control line apart. A name of requests ends at a space or, as in .if\n, at a backslash.
func macro(line string) (name string, arguments []string, ok bool) {
	if !strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "'") {
		return "", nil, false
	}
	rest := strings.TrimLeft(line[1:], " \t")
	end := strings.IndexAny(rest, " \t\\")
	if end < 0 {
		return rest, nil, true
	}
	return rest[:end], splitArguments(uncomment(rest[end:])), true
}

// uncomment drops \" and what follows it.
func uncomment(s string) string {
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if s[i+1] == '"' || s[i+1] == '#' {
			return s[:i]
		}
		i++
	}
	return s
}

// splitArguments splits at spaces outside quotes; "" inside quotes is a quote.
func splitArguments(s string) []string {
	var arguments []string
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		var one string
		if s[0] == '"' {
			one, s = quoted(s[1:])
		} else {
			one, s = word(s)
		}
		arguments = append(arguments, one)
	}
	return arguments
}

func quoted(s string) (argument, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if !strings.HasPrefix(s[i+1:], `"`) {
			return b.String(), s[i+1:]
		}
		b.WriteByte('"')
		i++
	}
	return b.String(), ""
}

// word ends at a space that no backslash stands before.
func word(s string) (argument, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ' ', '\t':
			return s[:i], s[i:]
		}
	}
	return s, ""
}

func (p *manPage) macro(name string, arguments []string) {
	if closer, ok := closers[name]; ok {
		p.flush()
		p.until = closer
		return
	}
	switch name {
	case "Dd", "Dt":
		p.mdoc = true
	case "SH":
		p.flush()
		heading := unescape(strings.Join(arguments, " "))
		p.section = proseless[strings.ToLower(strings.TrimSpace(heading))]
	case "SS", "PP", "P", "LP", "sp", "IP", "HP", "RS", "RE", "br", "in", "ti", "TQ":
		p.flush()
	case "TP":
		p.flush()
		p.tag = true
	case "B", "I", "SM", "SB", "R":
		p.text(strings.Join(arguments, " "))
	case "BR", "BI", "RB", "RI", "IR", "IB":
		p.text(strings.Join(arguments, ""))
	case "UE", "ME":
		p.text(`\c` + strings.Join(arguments, ""))
	}
}

// text adds a line to the paragraph; a tag is a paragraph of its own.
func (p *manPage) text(line string) {
	if p.section {
		return
	}
	p.words = append(p.words, unescape(uncomment(line)))
	if p.tag {
		p.flush()
	}
}

func (p *manPage) flush() {
	if paragraph := joinLines(p.words); paragraph != "" {
		p.paragraphs = append(p.paragraphs, paragraph)
	}
	p.words, p.tag = nil, false
}
