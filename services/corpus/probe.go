package corpus

import (
	"math/bits"
	"slices"
)

// probes are short texts to be found in long ones: held-out documents and task items.
type probes struct {
	sets   []probeSet
	sizes  []int32 // of each probe's sketch
	set    []int32 // of each probe
	slots  []slot
	filter []uint64 // two bits for each hash in slots, in the word of its top bits: most grams are in none
	filterShift,
	slotShift int
}

// slot is a gram of a probe's sketch. Several probes may share a gram.
type slot struct {
	hash  uint64
	probe int32 // from 1; 0 is a free slot
}

// probeSet is the held-out documents of a source, or the items of a task.
type probeSet struct {
	overlap Overlap
	found   []bool // by probe of the set
	first   int32  // of its probes
}

// sketched is a set on its way into probes.
type sketched struct {
	overlap  Overlap
	sketches [][]uint64
}

// newProbes makes the table of some sets.
func newProbes(sets []sketched) *probes {
	p, grams := &probes{}, 0
	for i, set := range sets {
		p.sets = append(p.sets, probeSet{overlap: set.overlap, found: make([]bool, len(set.sketches)), first: int32(len(p.sizes))})
		for _, sketch := range set.sketches {
			grams += len(sketch)
			p.sizes, p.set = append(p.sizes, int32(len(sketch))), append(p.set, int32(i))
		}
	}
	size := bits.Len(uint(2*grams + 64))
	p.slots, p.slotShift = make([]slot, 1<<size), 64-size
	p.filter, p.filterShift = make([]uint64, 1<<(size-2)), 64-(size-2)
	probe := int32(0)
	for _, set := range sets {
		for _, sketch := range set.sketches {
			probe++
			for _, hash := range sketch {
				p.insert(hash, probe)
			}
		}
	}
	return p
}

// spread undoes that sketches are the smallest hashes: its top bits are even.
func spread(hash uint64) uint64 { return hash * gramBase }

// bitsOf are a hash's bits in the filter.
func bitsOf(hash uint64) uint64 { return 1<<(hash%64) | 1<<(hash>>6%64) }

func (p *probes) insert(hash uint64, probe int32) {
	p.filter[spread(hash)>>p.filterShift] |= bitsOf(hash)
	for at := spread(hash) >> p.slotShift; ; at++ {
		if s := &p.slots[at&uint64(len(p.slots)-1)]; s.probe == 0 {
			*s = slot{hash, probe}
			return
		}
	}
}

// seeker looks for probes in one text after the other. It belongs to one goroutine.
type seeker struct {
	*probes
	hashes []uint64
	hits   []int32 // slots
	found  []int32 // probes that the text holds
	count  map[int32]int32
}

func newSeeker(p *probes) *seeker { return &seeker{probes: p, count: map[int32]int32{}} }

// seek is the probes of which the text holds half the sketch at least, valid until the next call.
func (s *seeker) seek(text []byte) []int32 {
	s.hits, s.found = s.hits[:0], s.found[:0]
	filter, shift := s.filter, s.filterShift
	s.hashes = gramsOf(text, s.hashes)
	for _, hash := range s.hashes {
		if wanted := bitsOf(hash); filter[spread(hash)>>shift]&wanted == wanted {
			s.look(hash)
		}
	}
	if len(s.hits) == 0 {
		return nil
	}
	slices.Sort(s.hits)
	clear(s.count)
	for _, at := range slices.Compact(s.hits) {
		probe := s.slots[at].probe - 1
		if s.count[probe]++; s.count[probe] == (s.sizes[probe]+1)/2 {
			s.found = append(s.found, probe)
		}
	}
	return s.found
}

func (s *seeker) look(hash uint64) {
	for at := spread(hash) >> s.slotShift; ; at++ {
		place := at & uint64(len(s.slots)-1)
		switch slot := &s.slots[place]; {
		case slot.probe == 0:
			return
		case slot.hash == hash:
			s.hits = append(s.hits, int32(place))
		}
	}
}

// note counts a training document that holds some probes.
func (p *probes) note(found []int32) {
	last := int32(-1)
	for _, probe := range slices.Sorted(slices.Values(found)) { // those of one set stand together
		set := &p.sets[p.set[probe]]
		set.found[probe-set.first] = true
		if p.set[probe] != last {
			last = p.set[probe]
			set.overlap.Documents++
		}
	}
}

// overlaps is what was found of each set.
func (p *probes) overlaps() []Overlap {
	var all []Overlap
	for _, set := range p.sets {
		for _, found := range set.found {
			if found {
				set.overlap.Found++
			}
		}
		all = append(all, set.overlap)
	}
	return all
}
