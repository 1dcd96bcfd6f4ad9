package orchestrator

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// purse is what bounds leave a sweep that plans itself, and what a run takes of it: device-hours of its budget, and the time before
// its runs must have left.
type purse struct {
	bound     bool
	left, run float64 // device-hours

	closing bool
	time    time.Duration // before its hours end
	longest time.Duration // a run took
	pace    time.Duration // from the end of one run to the next one's, with as many at once as there were
}

func (p *Proposer) purse(ctx context.Context, s ablation.Sweep, results []ablation.Result) (purse, error) {
	now, err := p.Store.Now(ctx)
	if err != nil {
		return purse{}, err
	}
	all, err := p.Store.Spending(ctx, now)
	i := slices.IndexFunc(all, func(spent ablation.Spending) bool { return spent.Sweep == s.Name })
	if i < 0 {
		return purse{}, err
	}
	var out purse
	if hours := s.Budget.Hours(all[i].Price(p.Devices)); hours > 0 {
		out.bound, out.left, out.run = true, hours-all[i].DeviceHours, all[i].DeviceHours/float64(max(1, s.Counts.Total()))
	}
	if closes := all[i].ClosesAt; closes != nil {
		out.closing, out.time = true, closes.Sub(now)
		out.longest, out.pace = paced(results)
	}
	return out, err
}

// paced is how long the longest completed run took, and in what time one more was there while some ran.
func paced(results []ablation.Result) (longest, pace time.Duration) {
	var runs []ablation.Run
	for _, r := range results {
		if r.Run.State == ablation.RunCompleted && r.Run.StartedAt != nil && r.Run.FinishedAt != nil {
			runs = append(runs, r.Run)
			longest = max(longest, r.Run.FinishedAt.Sub(*r.Run.StartedAt))
		}
	}
	slices.SortFunc(runs, func(a, b ablation.Run) int { return a.StartedAt.Compare(*b.StartedAt) })
	var busy time.Duration
	var until time.Time
	for _, r := range runs {
		from := *r.StartedAt
		if from.Before(until) {
			from = until
		}
		if r.FinishedAt.After(from) {
			busy, until = busy+r.FinishedAt.Sub(from), *r.FinishedAt
		}
	}
	return longest, busy / time.Duration(max(1, len(runs)))
}

// runs is how many runs there is money and time for, at most most.
func (p purse) runs(most int) int { return max(0, min(most, p.paid(most), p.timed(most))) }

func (p purse) paid(most int) int {
	if !p.bound || p.run <= 0 {
		return most
	}
	return min(most, int(p.left/p.run))
}

// timed is how many runs end in time: none where the longest of those before wouldn't have.
func (p purse) timed(most int) int {
	switch {
	case !p.closing:
		return most
	case p.time < p.longest || p.time <= 0:
		return 0
	case p.pace <= 0:
		return most
	}
	return int(min(int64(most), int64(p.time/p.pace)))
}

// after is the purse when n more runs have ended.
func (p purse) after(n int) purse {
	if n > 0 {
		p.left -= float64(n) * p.run
		p.time -= max(p.longest, time.Duration(n)*p.pace)
	}
	return p
}

// lacks is what doesn't suffice for n runs; empty: all does.
func (p purse) lacks(n int) ablation.RoundReason {
	switch {
	case p.paid(math.MaxInt32) < n:
		return ablation.ReasonBudget
	case p.timed(math.MaxInt32) < n:
		return ablation.ReasonHours
	}
	return ""
}
