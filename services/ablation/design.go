package ablation

import "slices"

// Design says which arms there are besides the listed schedules. Its keys add up: every one makes mixtures, and the
// product trains each of them, the listed ones too, in every length and size.
type Design struct {
	Baseline  string     `json:"baseline,omitempty"` // an arm's name, or a mixture's whose every variant is one; default the first schedule
	Control   string     `json:"control,omitempty"`  // ControlMatched or ""
	Grid      *Grid      `json:"grid,omitempty"`
	Lattice   *Lattice   `json:"lattice,omitempty"`
	Dirichlet *Dirichlet `json:"dirichlet,omitempty"`
	OneFactor *OneFactor `json:"one_factor,omitempty"`
	Adaptive  *Adaptive  `json:"adaptive,omitempty"`
	Product   *Product   `json:"product,omitempty"`
	Limits    *Limits    `json:"limits,omitempty"`
}

// Baseline is the index of the arm that the differences of the i-th one are taken to: the baseline in the same length and
// size, tuned by the first of the methods, or by that of the arm that the design names; -1 where there is none.
func (s Sweep) Baseline(arms []Arm, i int) int {
	name := s.Design.Baseline
	if name == "" && len(s.Schedules) > 0 {
		name = s.Schedules[0].Name
	}
	is := func(a Arm) bool { return a.Mixes() == name && a.Peer(arms[i]) }
	if at := slices.IndexFunc(arms, func(a Arm) bool { return a.Name == name }); at >= 0 {
		name = arms[at].Mixes()
		if by := arms[at].method(); by != (Method{}) {
			return slices.IndexFunc(arms, func(a Arm) bool { return is(a) && a.method() == by })
		}
	}
	return slices.IndexFunc(arms, is)
}

// ControlMatched adds, for every schedule that changes, the constant mixture with the same tokens per source.
const ControlMatched = "matched"

// Keys of the designs, as an arm records which of them made it.
const (
	DesignGrid      = "grid"
	DesignLattice   = "lattice"
	DesignDirichlet = "dirichlet"
	DesignOneFactor = "one_factor"
	DesignAdaptive  = "adaptive"
	DesignProduct   = "product"
)

// Grid varies the share of a language or a source, from a schedule; everything else keeps its proportions.
type Grid struct {
	Of     string    `json:"of"`
	Values []float64 `json:"values"`
	From   string    `json:"from"`
}

// Lattice is the simplex lattice: every split of a whole into Points − 1 equal parts among the sources.
type Lattice struct {
	Of     []string `json:"of"`             // sources
	Points int      `json:"points"`         // along an edge, at least 2
	From   string   `json:"from,omitempty"` // says what sources that aren't in Of keep; the rest is the whole that is split
}

// Dirichlet draws mixtures around a schedule's, from the sweep's seed. The i-th of them is the same however many there
// are.
type Dirichlet struct {
	Centre        string           `json:"centre"`
	Concentration float64          `json:"concentration"` // above 0; the larger, the nearer to the centre
	Arms          int              `json:"arms"`
	Bounds        map[string]Bound `json:"bounds,omitempty"` // by source
}

// Bound is the least and the largest share of a source; where they are equal the share is fixed.
type Bound struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// OneFactor changes one share at a time, from a schedule; everything else keeps its proportions. Each of Of is moved up
// and down by Step, or takes each of Values.
type OneFactor struct {
	From   string    `json:"from"`
	Of     []string  `json:"of,omitempty"` // sources or languages; none: every source that From reads
	Step   float64   `json:"step,omitempty"`
	Values []float64 `json:"values,omitempty"`
}

// Product trains every mixture with each token budget and each shape.
type Product struct {
	Tokens []int64 `json:"tokens,omitempty"` // per run; none: the recipe's
	Shapes []Shape `json:"shapes,omitempty"` // none: the recipe's
	// Methods are those of a recipe that tunes; none: the recipe's.
	Methods []Method  `json:"methods,omitempty"`
	Rates   []float64 `json:"rates,omitempty"` // peak learning rates of Shapes, filled at the start where the recipe gives none
}

// Limits leave out arms that a design would make. Listed schedules are asked for by name and stay.
type Limits struct {
	MinShare  float64 `json:"min_share,omitempty"`  // of every source that the design mixes
	MaxEpochs float64 `json:"max_epochs,omitempty"` // over any source
}
