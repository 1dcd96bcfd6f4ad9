package demotext

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlProse is the running text of a page, one string a paragraph: what stands in blocks, without navigation, tables,
// examples, forms and whatever is hidden.
func htmlProse(page string) []string {
	p := htmlPage{}
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		if z.Next() == html.ErrorToken { // the end: a string doesn't fail
			p.flush()
			return p.paragraphs
		}
		p.token(z.Token())
	}
}

type htmlPage struct {
	paragraphs []string
	text       strings.Builder
	skipName   string // element whose content is skipped
	depth      int    // of elements of that name inside it
}

func (p *htmlPage) token(t html.Token) {
	if p.depth > 0 {
		p.skipping(t)
		return
	}
	switch t.Type {
	case html.TextToken:
		p.text.WriteString(t.Data)
	case html.StartTagToken:
		if isAside(t) {
			p.flushBlock(t)
			p.skipName, p.depth = t.Data, 1
			return
		}
		p.flushBlock(t)
	case html.EndTagToken, html.SelfClosingTagToken:
		p.flushBlock(t)
	}
}

// skipping waits for the end of the skipped element.
func (p *htmlPage) skipping(t html.Token) {
	switch {
	case t.Data != p.skipName:
	case t.Type == html.StartTagToken:
		p.depth++
	case t.Type == html.EndTagToken:
		p.depth--
	}
}

func (p *htmlPage) flushBlock(t html.Token) {
	switch t.DataAtom {
	case atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5,
		atom.H6, atom.Blockquote, atom.Section, atom.Article, atom.Br, atom.Hr, atom.Body, atom.Table, atom.Pre, atom.Figure,
		atom.Figcaption, atom.Main, atom.Nav, atom.Header, atom.Footer, atom.Aside:
		p.flush()
	}
}

func (p *htmlPage) flush() {
	if paragraph := joinLines(strings.Split(p.text.String(), "\n")); paragraph != "" {
		p.paragraphs = append(p.paragraphs, paragraph)
	}
	p.text.Reset()
}

// asideNames are classes and ids of what surrounds the text in the manuals that the demo reads.
var asideNames = []string{
	"navheader", "navfooter", "toc", "titlepage", "menu", "apache", "up", "path", "toplang", "bottomlang", "quickview", "top",
	"page-header", "footer", "comments_section", "seealso", "related", "relatedtopics", "relatedbody", "permalink",
	"directive-synopsis", "footnotes", "copyright", "legalnotice", "outofdate", "bug", "howtoget", "embedded",
}

// isAside reports whether an element's content is no running text.
func isAside(t html.Token) bool {
	switch t.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Nav, atom.Header, atom.Footer, atom.Aside, atom.Pre, atom.Table, atom.Form,
		atom.Button, atom.Svg, atom.Select, atom.Noscript, atom.Textarea, atom.Template:
		return true
	case atom.Input, atom.Img, atom.Br, atom.Hr, atom.Meta, atom.Link, atom.Base, atom.Wbr, atom.Col, atom.Source:
		return false // they have no content to skip
	}
	return slices.ContainsFunc(t.Attr, func(a html.Attribute) bool {
		switch a.Key {
		case "hidden":
			return true
		case "class", "id":
			return slices.ContainsFunc(strings.Fields(a.Val), func(name string) bool { return slices.Contains(asideNames, name) })
		}
		return false
	})
}
