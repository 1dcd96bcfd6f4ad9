package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// designWords are what makes an arm that no schedule of the file lists, by the design's key.
var designWords = map[string]string{
	ablation.DesignGrid:      "grid: one share takes each value asked for",
	ablation.DesignLattice:   "lattice: every split in equal parts",
	ablation.DesignDirichlet: "random mixture around the file's centre",
	ablation.DesignOneFactor: "one factor: a single share is moved",
}

// freshRoles are what fresh seeds are given to an arm as.
var freshRoles = map[string]string{
	ablation.RoleRecommended: "the recommended mixture",
	ablation.RoleBestSeen:    "the best that had been run",
	ablation.RoleBaseline:    "the baseline",
	ablation.RoleControl:     "the recommended schedule's control",
}

// whyArm says why a sweep has an arm: what listed or made it, what it is there for, and which rounds came back to it.
func (o outcome) whyArm(a ablation.Arm) string {
	parts := []string{o.origin(a)}
	at := slices.IndexFunc(o.arms, func(b ablation.Arm) bool { return b.Name == a.Name })
	if len(o.arms) > 1 && o.sweep.Baseline(o.arms, at) == at {
		parts = append(parts, "the baseline")
	}
	for _, r := range o.sweep.Rounds {
		for _, in := range r.Arms {
			if in.Name == a.Name && len(in.Seeds) > 0 {
				parts = append(parts, seedsText(r, in))
			}
		}
	}
	return strings.Join(parts, "; ")
}

// proposed is how the decision page names the mixtures that it adds to a sweep's schedules.
var proposed = regexp.MustCompile(`^next-[0-9]+$`)

// origin is what listed or made an arm.
func (o outcome) origin(a ablation.Arm) string {
	for _, r := range o.sweep.Rounds {
		for _, in := range r.Arms {
			if in.Name == a.Name && len(in.Stages) > 0 {
				return madeText(r, in)
			}
		}
	}
	switch {
	case o.imported:
		return "imported"
	case a.MatchedOf != "":
		return "control of " + a.MatchedOf + ": the same tokens of each source, without its order"
	case designWords[a.Design] != "":
		return designWords[a.Design] + variantText(a)
	case proposed.MatchString(a.Mixes()):
		return "listed, by its name a proposal of the decision page" + variantText(a)
	}
	return "listed" + variantText(a)
}

// variantText is what an arm's recipe has instead of the sweep's; empty where that is nothing.
func variantText(a ablation.Arm) string {
	if a.Variant == nil {
		return ""
	}
	return ", in one length and size of the product"
}

// madeText is what a round made an arm for.
func madeText(r ablation.Round, a ablation.RoundArm) string {
	switch {
	case r.Kind == ablation.RoundStart:
		return roundText(r) + "covers what there is to try"
	case r.Kind == ablation.RoundConfirm && a.Role == ablation.RoleControl:
		return roundText(r) + "the recommended schedule's control, the same tokens of each source without its order"
	case r.Kind == ablation.RoundConfirm:
		return roundText(r) + "the recommended mixture, which had not been run"
	case a.Role == ablation.RoleRecommended:
		return roundText(r) + "what the runs so far recommended" + chanceText(a)
	}
	return roundText(r) + "proposed from the runs so far" + chanceText(a)
}

func roundText(r ablation.Round) string { return fmt.Sprintf("round %d (%s): ", r.Number, r.Kind) }

// chanceText is how likely an arm was to be better than the best that had been run; empty where nobody knows.
func chanceText(a ablation.RoundArm) string {
	if !(a.PBetter > 0) {
		return ""
	}
	return fmt.Sprintf(", %.0f%% to beat the best run then", 100*float64(a.PBetter))
}

// seedsText is what a round gave an arm seeds of its own for.
func seedsText(r ablation.Round, a ablation.RoundArm) string {
	var seeds []string
	for _, s := range a.Seeds {
		seeds = append(seeds, fmt.Sprint(s))
	}
	noun, s := "seed ", "s"
	if len(seeds) > 1 {
		noun, s = "seeds ", ""
	}
	text := noun + strings.Join(seeds, ", ")
	switch {
	case r.Kind == ablation.RoundStart:
		return roundText(r) + text + " tell" + s + " how far seeds spread"
	case len(a.Stages) > 0:
		return text + " confirm" + s
	}
	return roundText(r) + text + " confirm" + s + ", as " + freshRoles[a.Role]
}

// freshText is what one seed beside the sweep's own is for.
func freshText(r ablation.Round, a ablation.RoundArm) string {
	if r.Kind == ablation.RoundStart {
		return roundText(r) + "tells how far seeds spread"
	}
	return roundText(r) + "fresh seed, as " + freshRoles[a.Role]
}

// whyRun says why an arm was trained with a seed.
func (o outcome) whyRun(arm ablation.Arm, seed int64) string {
	for _, r := range o.sweep.Rounds {
		for _, in := range r.Arms {
			if in.Name == arm.Name && slices.Contains(in.Seeds, seed) {
				return freshText(r, in)
			}
		}
	}
	text := o.origin(arm)
	if i := slices.Index(o.sweep.Seeds, seed); i >= 0 && len(o.sweep.Seeds) > 1 {
		text += fmt.Sprintf("; replicate %d of %d", i+1, len(o.sweep.Seeds))
	}
	return text
}
