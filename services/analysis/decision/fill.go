package decision

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Room is where mixtures may lie of which nothing is known yet.
type Room struct {
	Sources int
	Phases  int                  // of every run
	Shares  []float64            // the phases' shares of the tokens; nil: equal
	Mixed   []int                // sources that share out the whole; the others get nothing
	Least   []float64            // shares by source, in any phase; nil: none
	Most    []float64            // likewise; nil: the whole
	Allows  func(table.Run) bool // what else must hold; nil: nothing
}

// fillSteps are the parts of a whole in which so many sources are shared out, so that few sources have fine mixtures.
var fillSteps = map[int]int{2: 20, 3: 10, 4: 8, 5: 6}

// A pool is drawn where the lattice is too coarse: poolLeast times what is asked for must hold to the bounds. It has poolTimes what
// is asked for, for each two of it are looked at, which happens after every edit of a document. drawnLeast is the least share of
// what is drawn, for none at all says little of a ratio.
const (
	poolLeast  = 4
	poolTimes  = 16
	poolSmall  = 400
	poolLarge  = 1200
	poolTries  = 60_000
	drawnLeast = 0.02
	drawnParts = 100
)

// Fill chooses n mixtures of a room to run beside the tried ones, before anything is known: each is that about which the tried
// ones and those before it say least. They are points of a lattice where enough of it lies in the room, else drawn by the seed.
func Fill(tried []table.Run, room Room, n int, seed uint64) []table.Run {
	if n < 1 || len(room.Mixed) < 2 {
		return nil
	}
	size := min(max(poolSmall, poolTimes*n), poolLarge)
	pool := room.lattice()
	if room.Phases > 1 {
		pool = room.phased(pool, size, seed)
	}
	if len(pool) < poolLeast*n {
		pool = append(pool, room.draw(size, seed)...)
	}
	pool = slices.DeleteFunc(pool, func(run table.Run) bool {
		return slices.ContainsFunc(tried, func(t table.Run) bool { return Apart(t, run) < .005 })
	})
	var out []table.Run
	for _, i := range Beside(tried, pool, room.Shares, n) {
		out = append(out, pool[i])
	}
	return out
}

// lattice is every split of a whole in equal parts of which each source has one at least.
func (r Room) lattice() []table.Run {
	steps := fillSteps[len(r.Mixed)]
	if steps == 0 {
		return nil
	}
	var pool []table.Run
	var grow func(parts []int, left int)
	grow = func(parts []int, left int) {
		if len(parts) == len(r.Mixed)-1 {
			if left > 0 {
				pool = r.keep(pool, r.constant(append(slices.Clone(parts), left), float64(steps)))
			}
			return
		}
		for n := 1; n < left; n++ {
			grow(append(slices.Clone(parts), n), left-n)
		}
	}
	grow(nil, steps)
	return pool
}

// constant is a mixture in every phase.
func (r Room) constant(parts []int, whole float64) table.Run {
	shares := make([]float64, r.Sources)
	for k, j := range r.Mixed {
		shares[j] = float64(parts[k]) / whole
	}
	return table.Run{Shares: slices.Repeat([][]float64{shares}, max(1, r.Phases))}
}

// phased are the mixtures, and n schedules or fewer that have one of them a phase.
func (r Room) phased(mixtures []table.Run, n int, seed uint64) []table.Run {
	random, pool := rand.New(rand.NewPCG(seed, 0x7068617365000000)), slices.Clone(mixtures)
	for range n {
		if len(mixtures) < 2 {
			break
		}
		run := table.Run{}
		for p := range r.Phases {
			run.Shares = append(run.Shares, mixtures[random.IntN(len(mixtures))].Shares[p])
		}
		pool = r.keep(pool, run)
	}
	return pool
}

// draw are n mixtures or fewer in whole percents, even over what the bounds leave.
func (r Room) draw(n int, seed uint64) []table.Run {
	random := rand.New(rand.NewPCG(seed, 0x66696c6c00000000))
	var pool []table.Run
	for range poolTries {
		if len(pool) == n {
			break
		}
		run := table.Run{}
		for range max(1, r.Phases) {
			run.Shares = append(run.Shares, r.drawn(random))
		}
		pool = r.keep(pool, run)
	}
	return pool
}

func (r Room) drawn(random *rand.Rand) []float64 {
	parts, sum, rest := make([]float64, len(r.Mixed)), 0.0, 1.0
	for k := range parts {
		parts[k] = random.ExpFloat64()
		sum += parts[k]
		rest -= r.least(r.Mixed[k])
	}
	shares, left := make([]float64, r.Sources), 1.0
	for k, j := range r.Mixed {
		shares[j] = math.Round((r.least(j)+max(0, rest)*parts[k]/sum)*drawnParts) / drawnParts
		left -= shares[j]
	}
	at := r.Mixed[random.IntN(len(r.Mixed))] // what rounding leaves
	shares[at] = math.Round((shares[at]+left)*drawnParts) / drawnParts
	return shares
}

func (r Room) least(j int) float64 {
	if r.Least == nil || r.Least[j] == 0 {
		return min(drawnLeast, r.most(j))
	}
	return r.Least[j]
}

func (r Room) most(j int) float64 {
	if r.Most == nil {
		return 1
	}
	return r.Most[j]
}

// keep adds a run that lies in the room.
func (r Room) keep(pool []table.Run, run table.Run) []table.Run {
	const slack = 1e-9
	for _, phase := range run.Shares {
		for _, j := range r.Mixed {
			low := 0.0
			if r.Least != nil {
				low = r.Least[j]
			}
			if phase[j] < low-slack || phase[j] > r.most(j)+slack {
				return pool
			}
		}
	}
	if r.Allows != nil && !r.Allows(run) {
		return pool
	}
	return append(pool, run)
}
