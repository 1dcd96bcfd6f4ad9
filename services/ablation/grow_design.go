package ablation

import (
	"maps"
	"slices"
)

// design lets a sweep's designs grow: a design may be added, and given more values or arms; what is there stays. A
// product is in every arm's name: it can't be added later, nor given another axis.
func (g *growth) design(old, next Design) Design {
	out := old
	out.Grid, out.Lattice = g.grid(old.Grid, next.Grid), g.lattice(old.Lattice, next.Lattice)
	out.Dirichlet, out.OneFactor = g.dirichlet(old.Dirichlet, next.Dirichlet), g.oneFactor(old.OneFactor, next.OneFactor)
	out.Product = g.product(old.Product, next.Product)
	out.Adaptive = g.adaptive(old.Adaptive, next.Adaptive)
	g.same("design.limits", old.Limits == next.Limits || old.Limits != nil && next.Limits != nil && *old.Limits == *next.Limits)
	return out
}

// grid is the old values in their order, then those that are added.
func (g *growth) grid(old, next *Grid) *Grid {
	if old == nil {
		return next
	}
	ok := next != nil && old.Of == next.Of && old.From == next.From && containsAll(next.Values, old.Values)
	if g.same("design.grid", ok); !ok {
		return old
	}
	out := *old
	out.Values = appended(old.Values, next.Values)
	return &out
}

func (g *growth) lattice(old, next *Lattice) *Lattice {
	if old == nil {
		return next
	}
	g.same("design.lattice", next != nil && slices.Equal(old.Of, next.Of) && old.Points == next.Points && old.From == next.From)
	return old
}

func (g *growth) dirichlet(old, next *Dirichlet) *Dirichlet {
	if old == nil {
		return next
	}
	ok := next != nil && old.Centre == next.Centre && old.Concentration == next.Concentration && old.Arms <= next.Arms && maps.Equal(old.Bounds, next.Bounds)
	if g.same("design.dirichlet", ok); !ok {
		return old
	}
	return next
}

func (g *growth) oneFactor(old, next *OneFactor) *OneFactor {
	if old == nil {
		return next
	}
	ok := next != nil && old.From == next.From && old.Step == next.Step && slices.Equal(old.Of, next.Of) && containsAll(next.Values, old.Values)
	if g.same("design.one_factor", ok); !ok {
		return old
	}
	out := *old
	out.Values = appended(old.Values, next.Values)
	return &out
}

// adaptive may get other numbers while the sweep plans itself; by what it looks, and where, stays.
func (g *growth) adaptive(old, next *Adaptive) *Adaptive {
	if old == nil {
		return next
	}
	ok := next != nil && old.Objective == next.Objective && old.Start == next.Start && maps.Equal(old.Bounds, next.Bounds) && slices.Equal(old.Front, next.Front)
	numbers := func(a *Adaptive) [4]float64 {
		return [4]float64{float64(a.Batch), float64(a.Rounds), float64(a.Confirm), a.Enough}
	}
	ok = ok && (!g.settled || numbers(old) == numbers(next))
	if g.same("design.adaptive", ok); !ok {
		return old
	}
	return next
}

func (g *growth) product(old, next *Product) *Product {
	if old == nil || next == nil {
		g.same("design.product", old == next)
		return old
	}
	ok := (len(old.Tokens) == 0) == (len(next.Tokens) == 0) && (len(old.Shapes) == 0) == (len(next.Shapes) == 0)
	ok = ok && (len(old.Methods) == 0) == (len(next.Methods) == 0) && containsAll(next.Methods, old.Methods)
	ok = ok && containsAll(next.Tokens, old.Tokens) && containsAll(next.Shapes, old.Shapes)
	if g.same("design.product", ok); !ok {
		return old
	}
	out := *old // its rates are those of its first shapes
	out.Tokens, out.Shapes = appended(old.Tokens, next.Tokens), appended(old.Shapes, next.Shapes)
	out.Methods = appended(old.Methods, next.Methods)
	return &out
}

// lengthens reports whether a product's token budgets have changed.
func lengthens(old, next *Product) bool {
	return old != nil && next != nil && !slices.Equal(old.Tokens, next.Tokens)
}

// appended is what was there, then what is new.
func appended[T comparable](old, next []T) []T {
	out := slices.Clone(old)
	for _, v := range next {
		if !slices.Contains(old, v) {
			out = append(out, v)
		}
	}
	return out
}
