package corpus

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/task"
)

// mostProbes bounds the held-out documents of a source, and the items of a task, that are looked for.
const mostProbes = 1 << 14

// probeSets are the held-out documents of a source version, then those of the newest version of every other source of its
// data folder, then every task.
func probeSets(ctx context.Context, source ablation.Source) ([]sketched, error) {
	own, err := heldoutSketches(ctx, source)
	if err != nil {
		return nil, err
	}
	others, err := otherSets(ctx, dataOf(source.Dir), func(name string) bool { return name != source.Name })
	return append([]sketched{own}, others...), err
}

// otherSets are the held-out documents of the newest version of every source of a data folder that is asked for, then every task.
func otherSets(ctx context.Context, data string, asked func(source string) bool) ([]sketched, error) {
	sources, err := List(data)
	if err != nil {
		return nil, err
	}
	var sets []sketched
	seen := map[string]bool{}
	for _, other := range sources { // newest first
		if seen[other.Name] || !asked(other.Name) {
			continue
		}
		seen[other.Name] = true
		// Another source's or task's damage is no reason against this one: it just isn't looked for.
		if set, err := heldoutSketches(ctx, other); err == nil {
			sets = append(sets, set)
		}
	}
	tasks, err := taskSketches(data)
	return append(sets, tasks...), errors.Join(err, ctx.Err())
}

// heldoutSketches are those of a source's held-out documents of smallest hash, which are what sets are made of.
func heldoutSketches(ctx context.Context, source ablation.Source) (sketched, error) {
	set := sketched{overlap: Overlap{Kind: OverlapHeldout, Name: source.Name, Version: source.Version}}
	var all []hashed
	documents := int64(0)
	cleaners := sync.Pool{New: func() any { return newCleaner(Options{}) }}
	s := stream[[]hashed]{read: ownLines, work: func(b *batch) []hashed {
		c := cleaners.Get().(*cleaner)
		defer cleaners.Put(c)
		return sketches(b, c)
	}, take: func(b *batch, found []hashed) error {
		if len(found) != len(b.rows) {
			return fmt.Errorf("%s: a line is damaged: add the source again", b.path)
		}
		documents += int64(len(found))
		if all = append(all, found...); len(all) > 4*mostProbes {
			all = smallest(all)
		}
		return nil
	}}
	if err := s.run(ctx, []input{{path: filepath.Join(source.Dir, heldoutFile)}}); err != nil {
		return set, err
	}
	all = smallest(all)
	set.overlap.Unchecked = documents - int64(len(all))
	for _, d := range all {
		set.put(d.sketch)
	}
	return set, nil
}

// hashed is a held-out document's sketch with the hash that orders it.
type hashed struct {
	hash   uint64
	sketch probe
}

// sketches are those of a batch's documents, up to the first line that is damaged.
func sketches(b *batch, c *cleaner) []hashed {
	var all []hashed
	var space []uint64
	damaged := false
	b.each(func(r *row, line []byte) {
		_, text, ok := c.own(line)
		if damaged = damaged || r.problem != nil || !ok; damaged {
			return
		}
		digest := sha256.Sum256(text)
		var sketched probe
		sketched, space = sketch(space, text)
		sketched.short = nil // a document of a few words stands in many by chance
		all = append(all, hashed{hash: binary.BigEndian.Uint64(digest[:8]), sketch: sketched})
	})
	return all
}

// smallest are the first mostProbes by hash.
func smallest(all []hashed) []hashed {
	slices.SortFunc(all, func(a, b hashed) int { return cmp.Compare(a.hash, b.hash) })
	return all[:min(len(all), mostProbes)]
}

func taskSketches(data string) ([]sketched, error) {
	tasks, err := task.List(data)
	if err != nil {
		return nil, err
	}
	var sets []sketched
	seen := map[string]bool{}
	for _, t := range tasks { // newest first
		if seen[t.Name] {
			continue
		}
		seen[t.Name] = true
		questions, err := task.Questions(t)
		if err != nil {
			continue
		}
		set := sketched{overlap: Overlap{Kind: OverlapTask, Name: t.Name, Version: t.Version}}
		for i, q := range questions {
			if i < mostProbes {
				set.put(forms(q)...)
			} else {
				set.overlap.Unchecked++
			}
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// forms are how an item may stand in a text: all parts of its question (a passage and what is asked of it); the last of them
// alone, or the right answer alone, where that has grams; with its answer where the question alone is too short.
func forms(q task.Question) []probe {
	var parts [][]byte
	for _, part := range q.Parts {
		parts = append(parts, []byte(part))
	}
	question, _ := sketch(nil, parts...)
	if question.size() == 0 {
		whole, _ := sketch(nil, []byte(strings.Join(append(q.Parts, q.Answer), "\n")))
		return []probe{whole}
	}
	all := []probe{question}
	for _, alone := range []string{q.Parts[len(q.Parts)-1], q.Answer} {
		if p, _ := sketch(nil, []byte(alone)); len(p.grams) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// judges are what the training text of a reading's sources may not hold: the held-out documents of all of them and of other
// sources, and items of tasks.
func (r *reading) judges(ctx context.Context) ([]sketched, error) {
	var sets []sketched
	own := map[string]bool{}
	for name, t := range r.intakes {
		own[name] = true
		set, err := heldoutSketches(ctx, ablation.Source{Name: name, Dir: t.dir})
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	others, err := otherSets(ctx, r.options.Data, func(name string) bool { return !own[name] })
	return append(sets, others...), err
}

// dropNearDuplicates leaves out the training documents that hold what runs are judged on.
func (t *intake) dropNearDuplicates(ctx context.Context, sets []sketched) (*intake, error) {
	p := newProbes(sets)
	workers := sync.Pool{New: func() any { return &measurer{cleaner: newCleaner(Options{}), seeker: newSeeker(p)} }}
	drop := map[key]string{}
	s := stream[map[key]string]{read: ownLines, work: func(b *batch) map[key]string {
		worker := workers.Get().(*measurer)
		defer workers.Put(worker)
		return worker.holders(b, t.options.Name)
	}, take: func(_ *batch, found map[key]string) error {
		maps.Copy(drop, found)
		return nil
	}}
	if err := s.run(ctx, t.files()[:len(t.train)]); err != nil || len(drop) == 0 {
		return t, err
	}
	for _, reason := range drop {
		t.tally.count(reason, 1)
	}
	return t.sift(ctx, t.upTo, func(d *document) bool { return drop[d.key()] == "" })
}

// holders are the documents of a batch that hold probes, with the reason against each. A line that can't be read back is
// none; sift says so.
func (m *measurer) holders(b *batch, source string) map[key]string {
	found := map[key]string{}
	b.each(func(_ *row, line []byte) {
		_, text, ok := m.own(line)
		if !ok {
			return
		}
		if held := m.seek(text); len(held) > 0 {
			digest := sha256.Sum256(text)
			found[key(digest[:16])] = m.reason(held, source)
		}
	})
	return found
}

// reason is why a source's document that holds these probes is left out: the first that is true of one of them.
func (p *probes) reason(held []int32, source string) string {
	reason := HoldsItem
	for _, probe := range held {
		switch o := p.sets[p.set[probe]].overlap; {
		case o.Kind == OverlapHeldout && o.Name == source:
			return NearDuplicate
		case o.Kind == OverlapHeldout:
			reason = HoldsHeldout
		}
	}
	return reason
}
