package httpd

import (
	"cmp"
	"context"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// cost is what the runs of a plan that aren't there yet take, on this machine, with nothing before them but what other runs of
// their sweep have left.
type cost struct {
	Speed     float64 // tokens per second of all runs side by side, as told or measured
	Measured  int     // runs that the speed was measured on; 0: the trainer tells it
	Partly    bool    // of some sizes only: the trainer tells that of the others
	Use       float64 // of the speed, in percent
	Time      time.Duration
	End       time.Time
	Devices   time.Duration // of all devices together, as budgets count
	Told      float64       // yen an hour of one device, by the person who plans; 0: not said
	Rate      float64       // the same, else by the price of the device that the runs would train on; 0: not known
	Yen       float64       // 0 where no rate is known
	WholeTime time.Duration // of all the sweep's runs, those that are there too
	WholeYen  float64
}

func (s *Server) newCost(ctx context.Context, p ablation.Plan, sweep ablation.Sweep, q question) cost {
	c := cost{Use: 100 * cmp.Or(q.use, 1), Told: q.rate, Rate: cmp.Or(q.rate, s.options.Devices.Price(p.Device))}
	sweep.Recipe.Trainer = p.Trainer
	speeds := c.speeds(p, sweep.Recipe, func(r ablation.Recipe) (float64, int) { return s.measured(ctx, r) })
	whole := c.lasts(p, speeds, func(a ablation.PlanArm) int64 { return a.Trained })
	if whole <= 0 {
		return c
	}
	c.Speed = float64(p.TotalTokens) / whole.Seconds() * 100 / c.Use
	c.Time, c.WholeTime = whole, whole
	if p.Growth != nil {
		c.Time = c.lasts(p, speeds, func(a ablation.PlanArm) int64 { return a.Added })
	}
	if c.Time > 0 {
		c.End = now().Add(c.Time + c.lasts(p, speeds, func(a ablation.PlanArm) int64 { return a.Left }))
	}
	c.Devices, c.Yen = c.costs(p, c.Time)
	_, c.WholeYen = c.costs(p, whole)
	return c
}

// costs are the time of all devices and its price.
func (c *cost) costs(p ablation.Plan, lasts time.Duration) (devices time.Duration, yen float64) {
	devices = lasts * time.Duration(max(1, p.RunsAtOnce))
	return devices, devices.Hours() * c.Rate
}

// lasts is how long it takes to train so many tokens of each arm; 0 where a speed isn't known.
func (c *cost) lasts(p ablation.Plan, speeds []float64, tokens func(ablation.PlanArm) int64) time.Duration {
	seconds := 0.0
	for i, a := range p.Arms {
		if speeds[i] <= 0 {
			return 0
		}
		seconds += float64(tokens(a)) / speeds[i]
	}
	return time.Duration(min(100*seconds/c.Use, 1e9) * float64(time.Second))
}

// measured is how fast runs like a recipe's went, and how many that were.
func (s *Server) measured(ctx context.Context, r ablation.Recipe) (tokensPerS float64, runs int) {
	speed, runs, err := s.options.Store.Speed(ctx, r)
	if err != nil {
		s.options.Log.Warn("the speed of earlier runs can't be read", "err", err)
	}
	return speed, runs
}

// speeds are how many tokens per second the arms' runs train side by side, as was measured of each size, else as its trainer tells;
// 0 where neither is known.
func (c *cost) speeds(p ablation.Plan, recipe ablation.Recipe, measured func(ablation.Recipe) (float64, int)) []float64 {
	bySize, out := map[ablation.Shape]float64{}, make([]float64, len(p.Arms))
	for i, a := range p.Arms {
		own := recipe.For(a.Arm)
		speed, known := bySize[own.Shape]
		if !known {
			each, runs := measured(own)
			speed = each * float64(max(1, p.RunsAtOnce))
			bySize[own.Shape], c.Measured = speed, c.Measured+runs
		}
		c.Partly = c.Partly || speed <= 0
		out[i] = cmp.Or(speed, a.TokensPerS)
	}
	return out
}
