package httpd

import (
	"cmp"
	"context"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// cost is what a plan takes, on this machine, with nothing before it.
type cost struct {
	Speed    float64 // tokens per second of all runs side by side, as told or measured
	Measured int     // runs that the speed was measured on; 0: the trainer tells it
	Partly   bool    // of some sizes only: the trainer tells that of the others
	Use      float64 // of the speed, in percent
	Time     time.Duration
	End      time.Time
	Devices  time.Duration // of all devices together, as budgets count
	Told     float64       // yen an hour of one device, by the person who plans; 0: not said
	Rate     float64       // the same, else by the price of the device that the runs would train on; 0: not known
	Yen      float64       // 0 where no rate is known
}

func (s *Server) newCost(ctx context.Context, p ablation.Plan, sweep ablation.Sweep, q question) cost {
	c := cost{Use: 100 * cmp.Or(q.use, 1), Told: q.rate, Rate: cmp.Or(q.rate, s.options.Devices.Price(p.Device))}
	sweep.Recipe.Trainer = p.Trainer
	seconds := c.reckon(p, sweep.Recipe, func(r ablation.Recipe) (float64, int) { return s.measured(ctx, r) })
	if seconds <= 0 {
		return c
	}
	c.Speed = float64(p.TotalTokens) / seconds
	seconds /= cmp.Or(q.use, 1)
	c.Time = time.Duration(min(seconds, 1e9) * float64(time.Second))
	c.End = now().Add(c.Time)
	c.Devices = c.Time * time.Duration(max(1, p.RunsAtOnce))
	c.Yen = c.Devices.Hours() * c.Rate
	return c
}

// measured is how fast runs like a recipe's went, and how many that were.
func (s *Server) measured(ctx context.Context, r ablation.Recipe) (tokensPerS float64, runs int) {
	speed, runs, err := s.options.Store.Speed(ctx, r)
	if err != nil {
		s.options.Log.Warn("the speed of earlier runs can't be read", "err", err)
	}
	return speed, runs
}

// reckon is how many seconds the plan's runs take, each size at the speed that was measured of it, else as its trainer
// tells; 0 where one is not known.
func (c *cost) reckon(p ablation.Plan, recipe ablation.Recipe, measured func(ablation.Recipe) (float64, int)) (seconds float64) {
	speeds := map[ablation.Shape]float64{}
	for _, a := range p.Arms {
		own := recipe.For(a.Arm)
		speed, known := speeds[own.Shape]
		if !known {
			each, runs := measured(own)
			speed = each * float64(max(1, p.RunsAtOnce))
			speeds[own.Shape], c.Measured = speed, c.Measured+runs
		}
		c.Partly = c.Partly || speed <= 0
		if speed = cmp.Or(speed, a.TokensPerS); speed <= 0 {
			return 0
		}
		seconds += float64(a.Trained) / speed
	}
	return seconds
}
