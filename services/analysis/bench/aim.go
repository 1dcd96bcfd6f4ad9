package main

import (
	"fmt"
	"math"
)

// aim is what a figure is to reach and, where the study of these tables has one, the floor below which it must not fall.
type aim struct {
	what        string
	floor, goal float64 // NaN: there is none
	got         float64
	falls       bool // lower is better
	form        string
	tried       string // for it, where it was missed
}

// none is no floor, or no aim.
var none = math.NaN()

func (a aim) holds(bound float64) bool {
	if a.falls {
		return a.got <= bound
	}
	return a.got >= bound
}

// judge prints a table of aims: what was reached, whether floors hold, and of what was missed what was tried for it.
func (b *bench) judge(aims ...aim) {
	if b.hold {
		return // figures of left-out rows of the pool are no test's
	}
	head("aim", "floor", "aimed at", "reached", "floor", "aim", "tried for what was missed")
	for _, a := range aims {
		floor, goal, tried := "—", "held", ""
		if !math.IsNaN(a.floor) {
			if floor = "held"; !a.holds(a.floor) {
				floor = "BROKEN"
				b.broken++
			}
		}
		switch {
		case math.IsNaN(a.goal):
			goal = "—"
		case !a.holds(a.goal):
			goal, tried = "missed", a.tried
		}
		row(a.what, a.text(a.floor), a.text(a.goal), a.text(a.got), floor, goal, tried)
	}
}

func (a aim) text(v float64) string {
	if math.IsNaN(v) {
		return "—"
	}
	return fmt.Sprintf(a.form, v)
}
