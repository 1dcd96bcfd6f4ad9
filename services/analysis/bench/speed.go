package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// speed times fits on this machine: on the clock, and all cores' time, which other work on the machine hardly moves.
func (b *bench) speed() error {
	r, err := b.regmix()
	if err != nil {
		return err
	}
	title("Time, %d cores", runtime.GOMAXPROCS(0))
	head("runs × sources × metrics", "laws alone", "stack with intervals", "with the decision")
	var aims []aim
	for _, t := range []table.Table{r.pool, made(few), made(10_000)} {
		setup := surrogate.Setup{Table: t, Pairs: t.Pairs()}
		laws := clock(func() { _, err = surrogate.Laws(setup) })
		var fit *surrogate.Fit
		stack := clock(func() { fit, err = surrogate.New(setup) })
		if err != nil {
			return err
		}
		whole := stack.plus(clock(func() { decision.Make(fit, decision.Options{}) }))
		size := fmt.Sprintf("%d × %d × %d", len(t.Runs), len(t.Sources), len(t.Metrics))
		row(size, laws, stack, whole)
		most, aimed := map[int]float64{few: 1, len(r.pool.Runs): 30}[len(t.Runs)]
		if !aimed {
			continue
		}
		aims = append(aims, aim{what: "seconds of the stack with intervals, " + size, floor: most, goal: most, got: stack.clock.Seconds(), falls: true, form: "%.2f"},
			aim{what: "seconds of the laws alone, " + size, floor: 5, goal: 5, got: laws.clock.Seconds(), falls: true, form: "%.2f"})
	}
	b.judge(aims...)
	return nil
}

// spent is time on the clock and of processors.
type spent struct{ clock, cores time.Duration }

func clock(do func()) spent {
	from, before := time.Now(), processors()
	do()
	return spent{time.Since(from), processors() - before}
}

// processors is the time that the process has had of all cores.
func processors() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (s spent) plus(o spent) spent { return spent{s.clock + o.clock, s.cores + o.cores} }

func (s spent) String() string {
	return fmt.Sprintf("%.2f s, %.2f s of cores", s.clock.Seconds(), s.cores.Seconds())
}

// few runs are what most sweeps have.
const few = 64

// made are made-up runs of three sources and four metrics.
func made(runs int) table.Table {
	t := table.Table{Sources: []string{"ja", "en", "code"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en", "bpb/code", "task/bpb"}}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range runs {
		w, sum := make([]float64, 3), 0.0
		for j := range w {
			w[j] = r.ExpFloat64()
			sum += w[j]
		}
		values := make([]float64, 4)
		for j := range w {
			w[j] /= sum
			values[j] = 1 + .5*math.Pow(w[j]+.02, -.2) + .003*r.NormFloat64()
		}
		values[3] = .3*values[0] + .7*values[1]
		t.Runs = append(t.Runs, table.Run{ID: fmt.Sprint(i), Shares: [][]float64{w}, Values: values})
	}
	return t
}
