package corpus

import (
	"math/bits"
	"slices"
)

// probe is a text to be found in longer ones, or one of several forms of it.
type probe struct {
	grams []uint64
	short [][]uint64 // units of parts that are shorter than a gram, each found as a whole
	item  int32      // of its set
}

func (p probe) size() int { return len(p.grams) + len(p.short) }

// need is how many grams and short parts a text must hold: half of them; all where there is no gram.
func (p probe) need() int32 {
	if len(p.grams) == 0 {
		return int32(len(p.short))
	}
	return int32(p.size()+1) / 2
}

// probes are held-out documents and task items to be found in training text.
type probes struct {
	sets   []probeSet
	needs  []int32 // of each probe
	set    []int32
	item   []int32
	slots  []slot
	filter []uint64 // two bits for each hash in slots, in the word of its top bits: most grams are in none
	filterShift,
	slotShift int
	short       map[uint64]uint16 // by the sum of a short part's first units: a bit for each length
	shortFilter []uint64          // as filter, of these sums
}

// shortShift leaves the bits that choose a word of shortFilter.
const shortShift = 64 - 12

// slot is a gram or a short part of a probe. Several probes may share one.
type slot struct {
	hash  uint64
	probe int32 // from 1; 0 is a free slot
}

// probeSet is the held-out documents of a source, or the items of a task.
type probeSet struct {
	overlap Overlap
	found   []bool // by item
}

// sketched is a set on its way into probes.
type sketched struct {
	overlap Overlap
	probes  []probe
}

// put adds an item by its forms; one without grams is too short to be looked for.
func (s *sketched) put(forms ...probe) {
	item, found := int32(s.overlap.Checked), false
	for _, form := range forms {
		if form.size() > 0 {
			form.item, found = item, true
			s.probes = append(s.probes, form)
		}
	}
	if !found {
		s.overlap.Unchecked++
		return
	}
	s.overlap.Checked++
}

// newProbes makes the table of some sets.
func newProbes(sets []sketched) *probes {
	p, grams := &probes{short: map[uint64]uint16{}, shortFilter: make([]uint64, 1<<(64-shortShift))}, 0
	for i, set := range sets {
		p.sets = append(p.sets, probeSet{overlap: set.overlap, found: make([]bool, set.overlap.Checked)})
		for _, one := range set.probes {
			grams += one.size()
			p.needs, p.set, p.item = append(p.needs, one.need()), append(p.set, int32(i)), append(p.item, one.item)
		}
	}
	size := bits.Len(uint(2*grams + 64))
	p.slots, p.slotShift = make([]slot, 1<<size), 64-size
	p.filter, p.filterShift = make([]uint64, 1<<(size-2)), 64-(size-2)
	number := int32(0)
	for _, set := range sets {
		for _, one := range set.probes {
			number++
			for _, hash := range one.grams {
				p.insert(hash, number)
			}
			for _, units := range one.short {
				p.insert(settled(sumOf(units)), number)
				p.begins(sumOf(units[:fewest]), len(units))
			}
		}
	}
	return p
}

// begins notes how a short part begins.
func (p *probes) begins(sum uint64, units int) {
	p.short[sum] |= 1 << units
	p.shortFilter[spread(sum)>>shortShift] |= bitsOf(sum)
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

// seek is the probes that the text holds, valid until the next call.
func (s *seeker) seek(text []byte) []int32 {
	s.hits, s.found = s.hits[:0], s.found[:0]
	filter, shift := s.filter, s.filterShift
	s.hashes = firstUnits(text, s.hashes)
	s.lookShort(s.hashes[1:])
	s.hashes = grams(s.hashes)
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
		if s.count[probe]++; s.count[probe] == s.needs[probe] {
			s.found = append(s.found, probe)
		}
	}
	return s.found
}

// lookShort looks for parts that are shorter than a gram, by their first units.
func (s *seeker) lookShort(units []uint64) {
	if len(s.short) == 0 {
		return
	}
	sum, filter := uint64(0), s.shortFilter
	for i, unit := range units {
		sum = sum*gramBase + unit
		if i >= fewest {
			sum -= units[i-fewest] * oldestOfFew
		}
		wanted := bitsOf(sum)
		if filter[spread(sum)>>shortShift]&wanted != wanted {
			continue
		}
		for lengths, from := s.short[sum], i+1-fewest; lengths != 0; lengths &= lengths - 1 {
			if to := from + bits.TrailingZeros16(lengths); from >= 0 && to <= len(units) {
				s.look(settled(sumOf(units[from:to])))
			}
		}
	}
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
		set.found[p.item[probe]] = true
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
