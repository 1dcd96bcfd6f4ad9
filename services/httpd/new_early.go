package httpd

import (
	"github.com/haigo-lab/haigo/services/ablation"
)

// earlyPath is where a document says how runs are stopped early.
const earlyPath = "early_stop"

// early is successive halving as fields: at which parts of a run, how many arms go on, judged by which metrics. A document
// that says no more than yes gets a mapping in its place with the first field that is set.
func (b formBuilder) early() designPart {
	at, by := b.list(earlyPath+"/at", "new.d.rungs", "shares", "10%, 30%"), b.list(earlyPath+"/by", "new.d.by", "names", b.words.text("new.d.by.usual"))
	keep := b.share(earlyPath+"/keep", "new.d.keep")
	keep.Default = "33%"
	p := designPart{Key: earlyPath, Fields: []field{at, keep, by}, Wrong: b.wrong[earlyPath]}
	if _, plain := b.draft.Texts[earlyPath]; plain {
		for i := range p.Fields {
			p.Fields[i].Instead = earlyPath
		}
	}
	p.Edits, p.Then = edits(ablation.Edit{Op: ablation.EditRemove, Path: []string{earlyPath}}), "add-"+earlyPath
	if b.draft.Sweep.EarlyStop == nil {
		beginning := quoted(map[string]any{"at": []string{"10%", "30%"}, "keep": .33})
		p.Edits, p.Then = edits(ablation.Edit{Op: ablation.EditSet, Path: []string{earlyPath}, Value: beginning}), at.ID()
	}
	return p
}
