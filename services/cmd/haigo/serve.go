package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
)

// listenFlags say where pages and API are reached.
type listenFlags struct {
	Listen     string   `help:"Address of pages and API; port 0 is any free one, the same again at the next start." default:"127.0.0.1:8080"`
	URL        string   `help:"Address that links in shares and alerts begin with (default: as listened to)." placeholder:"URL"`
	Hosts      []string `help:"Names that requests may be sent to, besides the address itself." placeholder:"NAME"`
	AdminToken string   `help:"Token that pages and API ask for; needed beyond loopback." placeholder:"TOKEN"`
	TextRoots  []string `help:"Folders below which pages may have text read into sources (default: without an admin token anywhere but hidden folders; with one nowhere)." placeholder:"DIR"`
	ReadyFile  string   `help:"File that gets url, database_url, pid and version once it serves." placeholder:"FILE"`
}

type devCmd struct{ listenFlags }

// Run serves and works until a signal; runners train on and the next start finds them.
func (c devCmd) Run(e *env) error { return serve(e, c.listenFlags, true) }

type serveCmd struct{ listenFlags }

func (c serveCmd) Run(e *env) error { return serve(e, c.listenFlags, false) }

func serve(e *env, flags listenFlags, work bool) error {
	listener, err := flags.listen(e)
	if err != nil {
		return err
	}
	defer listener.Close()
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.settle(e); err != nil {
		return err
	}
	a.sayFaults(e)
	s, err := a.server(e, flags, listener)
	if err != nil {
		return err
	}
	w, err := a.worker(e, false)
	if err != nil {
		return err
	}
	if err := flags.ready(a, listener, s.URL()); err != nil { // what connects waits in the listener until it is served
		return err
	}
	group, ctx := errgroup.WithContext(e.ctx)
	group.Go(func() error { return s.Serve(ctx, listener) })
	group.Go(func() error { return a.clock(e).Run(ctx) })
	group.Go(func() error { return a.alerter(e).Run(ctx) })
	group.Go(func() error { return a.halver(e).Run(ctx) })
	group.Go(func() error { return a.proposer(e).Run(ctx) })
	group.Go(func() error { return a.adder(e, flags.textRoots()).Run(ctx) })
	if work {
		group.Go(func() error { return w.Run(ctx) })
	}
	fmt.Fprintf(e.stderr, "Haigo serves at %s (Ctrl-C ends it)\n", s.URL())
	err = group.Wait()
	if work {
		fmt.Fprintln(e.stderr, "Runs that were training train on; the next start goes on with them.")
	}
	return err
}

// sayFaults says which files are no trainers; the service starts without them.
func (a *app) sayFaults(e *env) {
	for _, f := range a.trainers.Faults() {
		e.log.Warn("Left a trainer out", "file", f.File, "fault", f.Message.EN)
	}
}

type workCmd struct {
	Health string `help:"Address at which /healthz says whether it still looks for runs (default: nowhere)." placeholder:"ADDRESS"`
}

// Run claims and drives runs until a signal.
func (c workCmd) Run(e *env) error {
	listener, err := c.listen()
	if err != nil {
		return err
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.settle(e); err != nil {
		return err
	}
	a.sayFaults(e)
	w, err := a.worker(e, false)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "Working, %s at once (Ctrl-C ends it; runners train on)\n", many(int64(w.MaxRuns), "run"))
	group, ctx := errgroup.WithContext(e.ctx)
	if listener != nil {
		group.Go(func() error { return serveHealth(ctx, listener, w) })
	}
	group.Go(func() error { return w.Run(ctx) })
	group.Go(func() error { return a.clock(e).Run(ctx) }) // budgets bind also where nothing serves
	group.Go(func() error { return a.halver(e).Run(ctx) })
	group.Go(func() error { return a.proposer(e).Run(ctx) })
	return group.Wait()
}

type migrateCmd struct{}

func (migrateCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	return a.close()
}

// server is the pages and API of this process.
func (a *app) server(e *env, f listenFlags, listener net.Listener) (*httpd.Server, error) {
	if err := a.openSender(f, listener); err != nil {
		return nil, err
	}
	return httpd.New(httpd.Options{
		Store:      a.store,
		Sweeper:    a.sweeper(e),
		Samples:    corpus.Samples,
		Problems:   corpus.Problems,
		Report:     corpus.ReadReport,
		Look:       a.look(f.textRoots()),
		TextRoots:  f.textRoots(),
		Alerts:     a.sender,
		Storage:    a.keeper(),
		Version:    version,
		Log:        e.log,
		Listen:     listener.Addr().String(),
		URL:        f.URL,
		Hosts:      f.Hosts,
		AdminToken: f.AdminToken,
		Devices:    a.devices,
	})
}

func (a *app) sweeper(e *env) *orchestrator.Sweeper {
	runs, threads := a.side(e)
	return &orchestrator.Sweeper{Store: a.store, Trainers: a.trainers, RunsAtOnce: runs, Threads: threads, Data: a.data}
}

// tokenizerTakes is more than a tokenizer takes to learn on a slow machine.
const tokenizerTakes = time.Hour

// patient is a sweeper that waits for tokenizers: nobody's page waits with it.
func (a *app) patient(e *env) *orchestrator.Sweeper {
	s := a.sweeper(e)
	s.Patience = tokenizerTakes
	return s
}

func (a *app) clock(e *env) *orchestrator.Clock {
	return &orchestrator.Clock{Store: a.store, Sweeper: a.patient(e), Devices: a.devices, Log: e.log}
}

// openSender makes what sends alerts, with links to the pages of this process.
func (a *app) openSender(f listenFlags, listener net.Listener) error {
	settings, err := alert.ReadSettings(a.data)
	if err != nil {
		return err
	}
	box, err := alert.OpenBox(a.data)
	if err != nil {
		return err
	}
	a.sender = alert.NewSender(box, settings, httpd.BaseURL(f.URL, listener.Addr().String()))
	return nil
}

func (a *app) alerter(e *env) *orchestrator.Alerter {
	return &orchestrator.Alerter{Store: a.store, Send: a.sender.Send, Data: a.data, Silent: e.settings.SilentAfter, Log: e.log}
}

func (a *app) halver(e *env) *orchestrator.Halver {
	return &orchestrator.Halver{Store: a.store, Log: e.log}
}

func (a *app) proposer(e *env) *orchestrator.Proposer {
	return &orchestrator.Proposer{Store: a.store, Sweeper: a.sweeper(e), Devices: a.devices, Log: e.log}
}

// ready tells the next start, and scripts by rename, where it serves.
func (f listenFlags) ready(a *app, listener net.Listener, url string) error {
	if err := a.rememberPort(f, listener); err != nil {
		return fmt.Errorf("remember the port: %w", err)
	}
	if f.ReadyFile == "" {
		return nil
	}
	data, err := json.Marshal(map[string]any{"url": url, "database_url": a.databaseURL, "pid": os.Getpid(), "version": version})
	if err != nil {
		return err
	}
	return writeFile(f.ReadyFile, data)
}

// writeFile puts data there whole or not at all, for nobody else to read.
func writeFile(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}
