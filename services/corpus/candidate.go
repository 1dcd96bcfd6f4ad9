package corpus

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// heldoutText is a held-out document and whether the source's set scores it.
type heldoutText struct {
	spec.Document
	scored bool
}

// documents are the held-out documents to make items from: those that aren't scored first, smallest hash first.
func (o NextSentenceOptions) documents(source ablation.Source) ([]heldoutText, error) {
	entries, err := heldoutEntries(source.Dir)
	if err != nil {
		return nil, err
	}
	scored, rest := divide(entries, cmp.Or(o.SetBytes, DefaultSetBytes))
	chosen := upTo(slices.Concat(rest, scored), nextReadBytes)
	documents, err := heldoutDocuments(source.Dir, chosen)
	if err != nil {
		return nil, err
	}
	texts := make([]heldoutText, len(documents))
	for i, d := range documents {
		texts[i] = heldoutText{Document: d, scored: i >= len(rest)}
	}
	return texts, nil
}

// upTo is the first entries that together hold at most limit bytes.
func upTo(entries []entry, limit int64) []entry {
	for i, e := range entries {
		if limit -= e.bytes; limit < 0 {
			return entries[:i]
		}
	}
	return entries
}

// nextMaker makes items; everything it decides follows from the seed and the text.
type nextMaker struct {
	NextSentenceOptions
	lang   string
	script script
}

// candidate is a sentence that may be asked for, and what stands before it in its paragraph.
type candidate struct {
	id     string
	doc    int // of the documents
	scored bool
	before []string
	text   string
	rank   uint64 // by the seed
	round  int    // among the candidates of its document, by rank
}

// candidates are the sentences of all documents that have one before them, fit half the window and stand nowhere else; none
// where too few documents have any.
func (m nextMaker) candidates(ctx context.Context, documents []heldoutText) []*candidate {
	var all []*candidate
	times := map[string]int{}
	for i, d := range documents {
		if ctx.Err() != nil {
			return nil
		}
		for p, sentences := range m.script.paragraphs(d.Text) {
			for s, sentence := range sentences {
				times[sentence]++
				if s > 0 && len(sentence) >= nextMinBytes && len(sentence) <= m.WindowBytes/2 {
					id := fmt.Sprintf("%s#%d.%d", d.ID, p+1, s+1)
					all = append(all, &candidate{
						id: id, doc: i, scored: d.scored, before: sentences[:s], text: sentence, rank: m.rank(id),
					})
				}
			}
		}
	}
	all = slices.DeleteFunc(all, func(c *candidate) bool { return times[c.text] > 1 })
	if documentsOf(all) < nextChoices {
		return nil
	}
	return inRounds(all)
}

func documentsOf(all []*candidate) int {
	documents := map[int]bool{}
	for _, c := range all {
		documents[c.doc] = true
	}
	return len(documents)
}

// inRounds puts candidates in the order in which they are asked for: one of each document, then a second one of each, …;
// all rounds of unscored documents before the scored ones.
func inRounds(all []*candidate) []*candidate {
	slices.SortFunc(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(a.doc, b.doc), cmp.Compare(a.rank, b.rank))
	})
	for i, c := range all {
		if i > 0 && all[i-1].doc == c.doc {
			c.round = all[i-1].round + 1
		}
	}
	slices.SortFunc(all, func(a, b *candidate) int {
		return cmp.Or(boolOrder(a.scored, b.scored), cmp.Compare(a.round, b.round), cmp.Compare(a.rank, b.rank))
	})
	return all
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// rank is a number drawn by the seed for a name; distinct names have distinct ranks but for one chance in 2^64.
func (m nextMaker) rank(name string) uint64 {
	digest := sha256.Sum256(fmt.Appendf(nil, "%016x %s", uint64(m.Seed), name))
	return binary.BigEndian.Uint64(digest[:8])
}

// items asks for the first candidates and counts those of scored documents.
func (m nextMaker) items(all []*candidate) (items []spec.Item, scored int64) {
	byLength := slices.SortedFunc(slices.Values(all), func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(len(a.text), len(b.text)), cmp.Compare(a.rank, b.rank))
	})
	chosen := all[:min(m.Items, len(all))]
	slices.SortFunc(chosen, func(a, b *candidate) int { return cmp.Compare(a.rank, b.rank) })
	for i, c := range chosen {
		items = append(items, m.item(c, m.wrong(c, byLength), i%nextChoices))
		if c.scored {
			scored++
		}
	}
	return items, scored
}

// similar are the candidates nearest to c in length, each of another document, nearest first.
func (m nextMaker) similar(c *candidate, byLength []*candidate) []*candidate {
	place := slices.Index(byLength, c)
	var near []*candidate
	documents := map[int]bool{c.doc: true}
	for below, above := place-1, place+1; len(near) < nextCandidates && (below >= 0 || above < len(byLength)); {
		var next *candidate
		if below < 0 || above < len(byLength) && longer(byLength[above], c) <= longer(c, byLength[below]) {
			next, above = byLength[above], above+1
		} else {
			next, below = byLength[below], below-1
		}
		if !documents[next.doc] {
			documents[next.doc] = true
			near = append(near, next)
		}
	}
	return near
}

// longer is by how many bytes a is longer than b.
func longer(a, b *candidate) int { return len(a.text) - len(b.text) }

// wrong draws three of the similar candidates.
func (m nextMaker) wrong(c *candidate, byLength []*candidate) []string {
	near := m.similar(c, byLength)
	slices.SortFunc(near, func(a, b *candidate) int {
		return cmp.Compare(m.rank(c.id+" "+a.id), m.rank(c.id+" "+b.id))
	})
	var texts []string
	for _, n := range near[:nextChoices-1] {
		texts = append(texts, n.text)
	}
	return texts
}

func (m nextMaker) item(c *candidate, wrong []string, gold int) spec.Item {
	choices := slices.Insert(wrong, gold, c.text)
	longest := 0
	for _, choice := range choices {
		longest = max(longest, len(choice))
	}
	return spec.Item{
		Task: m.Name, ID: c.id, Lang: m.lang, Kind: spec.ItemMultipleChoice,
		Context: m.script.tail(c.before, m.WindowBytes-len(m.script.joint)-longest), Sep: m.script.joint,
		Choices: choices, Gold: gold,
	}
}

// tail is the last whole sentences of at most limit bytes; where not even the last one fits, its end.
func (s script) tail(sentences []string, limit int) string {
	from, size := len(sentences)-1, len(sentences[len(sentences)-1])
	if size > limit {
		return s.end(sentences[from], limit)
	}
	for ; from > 0 && size+len(s.joint)+len(sentences[from-1]) <= limit; from-- {
		size += len(s.joint) + len(sentences[from-1])
	}
	return strings.Join(sentences[from:], s.joint)
}

// end is the end of a sentence: whole words where words are spaced, else whole characters.
func (s script) end(sentence string, limit int) string {
	at := len(sentence) - limit
	for !utf8.RuneStart(sentence[at]) {
		at++
	}
	if s.joint != " " || sentence[at-1] == ' ' {
		return sentence[at:]
	}
	if _, words, ok := strings.Cut(sentence[at:], " "); ok {
		return words
	}
	return sentence[at:]
}
