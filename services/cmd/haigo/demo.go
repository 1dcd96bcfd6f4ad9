package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/haigo-lab/haigo/schedules"
	"github.com/haigo-lab/haigo/services/ablation"
)

type demoCmd struct {
	listenFlags
	Text  map[string]string `help:"Folder of your own text for a source: --text ja=DIR --text en=DIR (and code=DIR)." placeholder:"SOURCE=DIR" mapsep:"none"`
	Quick bool              `help:"A smaller model that shows the machinery only."`
	Once  bool              `help:"End when all is done instead of serving on."`
	JSON  bool              `name:"json" help:"Print one JSON document at the end."`
}

// Run gets the text, applies the demo's sweep, trains it here, prints its table and addresses and keeps serving.
func (c demoCmd) Run(e *env) (err error) {
	listener, err := c.listen(e)
	if err != nil {
		return err
	}
	defer listener.Close()
	a, err := open(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := a.settle(e); err != nil {
		return err
	}
	sweep, err := c.apply(e, a)
	if err != nil {
		return err
	}
	return c.serve(e, a, listener, sweep)
}

// apply brings the text and starts the sweep, or finds it started.
func (c demoCmd) apply(e *env, a *app) (ablation.Sweep, error) {
	file := "demo.yaml"
	if c.Quick {
		file = "demo-quick.yaml"
	}
	document, err := schedules.FS.ReadFile(file)
	if err != nil {
		return ablation.Sweep{}, err
	}
	// The first start fixes the versions; a later one must not look for newer text.
	if parsed, err := ablation.ParseSweep(document); err == nil {
		if sweep, err := a.store.Sweep(e.ctx, parsed.Name); err == nil {
			fmt.Fprintln(e.stderr, foundAgain(sweep, a.data))
			return sweep, a.sameText(e, sweep, c.Text)
		}
	}
	if err := a.bringText(e, c.Text); err != nil {
		return ablation.Sweep{}, err
	}
	sweep, _, err := a.patient(e).Apply(e.ctx, document, "")
	return sweep, err
}

func foundAgain(sweep ablation.Sweep, data string) string {
	if sweep.Counts.Completed == sweep.Counts.Total() {
		return fmt.Sprintf("Sweep %s is done: showing what %s holds (--data with another folder trains it anew)", sweep.Name, data)
	}
	return fmt.Sprintf("Going on with sweep %s in %s", sweep.Name, data)
}

// serve trains and serves until the sweep has ended, shows it, and goes on serving unless it is to end then.
func (c demoCmd) serve(e *env, a *app, listener net.Listener, sweep ablation.Sweep) error {
	s, err := a.server(e, c.listenFlags, listener)
	if err != nil {
		return err
	}
	w, err := a.worker(e, true)
	if err != nil {
		return err
	}
	if err := c.ready(a, listener, s.URL()); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Serve(ctx, listener) })
	group.Go(func() error { return w.Run(ctx) })
	group.Go(func() error { return a.alerter(e).Run(ctx) })
	group.Go(func() error { return a.adder(e, c.textRoots()).Run(ctx) })
	shown := false
	group.Go(func() (err error) {
		if c.Once {
			defer stop()
		}
		shown, err = c.watchAndShow(ctx, e, a, sweep, s.URL())
		return err
	})
	fmt.Fprintf(e.stderr, "Watch it at %s/sweeps/%s\n", s.URL(), sweep.Name)
	defer context.AfterFunc(e.ctx, func() {
		fmt.Fprintln(e.stderr, "\nEnding: runs that train save a checkpoint first (Ctrl-C again ends at once).")
	})()
	err = group.Wait()
	if e.ctx.Err() == nil {
		return err
	}
	if c.Once && !shown {
		return errors.Join(err, e.ctx.Err()) // who waits for the document must not take this for its end
	}
	fmt.Fprintln(e.stderr, "Ended. The same command goes on from here.")
	return err
}

// watchAndShow shows the sweep once it has ended; false where ctx ended first.
func (c demoCmd) watchAndShow(ctx context.Context, e *env, a *app, sweep ablation.Sweep, url string) (shown bool, err error) {
	if err := watch(ctx, e.stderr, a.store, sweep.Name); err != nil {
		if ctx.Err() != nil {
			return false, nil
		}
		return false, err
	}
	outcome, err := a.outcome(ctx, sweep.Name)
	if err != nil {
		return false, err
	}
	if outcome.ShareURL, err = a.demoLink(ctx, url, sweep.Name); err != nil {
		return false, err
	}
	if c.JSON {
		return true, json.NewEncoder(e.stdout).Encode(outcome)
	}
	c.show(e.stdout, outcome, fmt.Sprintf("%s/sweeps/%s", url, sweep.Name))
	return true, nil
}

func (c demoCmd) show(w io.Writer, o outcome, page string) {
	printTable(w, o)
	fmt.Fprintf(w, "\nsweep  %s\n", page)
	if o.ShareURL != "" {
		fmt.Fprintf(w, "share  %s\n", o.ShareURL)
	}
	if c.Quick {
		fmt.Fprintln(w, "\nThe quick demo shows the machinery only: its model is too small and too short to tell mixtures apart.")
	}
	if !c.Once {
		fmt.Fprintln(w, "\nAll runs are done. Serving until Ctrl-C.")
	}
}
