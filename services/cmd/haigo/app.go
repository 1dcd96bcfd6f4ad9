package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/engine/batch"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
	"github.com/haigo-lab/haigo/services/trainers"
)

// app is what the commands share: data folder, store, trainers.
type app struct {
	data        string
	databaseURL string
	store       *postgres.Store
	trainers    *trainers.Host
	engines     []*batch.Batch // batch systems that engines.yaml describes
	first       string         // the engine that starts attempts
	devices     ablation.Devices
	sender      *alert.Sender // nil where nothing is served
	port        *os.File      // remembers the port for the next start; nil where it is a given one
	private     *local.Server // nil where the database is somebody else's
}

// open connects to the database, starting a private one where none was named, and brings it to this version.
func open(e *env) (*app, error) {
	a, err := connected(e)
	if err != nil {
		return nil, err
	}
	if err := a.store.Migrate(e.ctx); err != nil {
		a.close()
		return nil, err
	}
	if a.trainers, err = openTrainers(e, a.data); err != nil {
		a.close()
		return nil, err
	}
	if err := errors.Join(a.openEngines(e), a.openDevices(e)); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// connected connects to the database, starting a private one where none was named, and leaves it as it is.
func connected(e *env) (*app, error) {
	a := &app{databaseURL: e.settings.DatabaseURL}
	var err error
	if a.data, err = e.settings.dataDir(e.getenv); err != nil {
		return nil, noDataDir(err)
	}
	if err := a.connect(e); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func noDataDir(err error) error {
	return fmt.Errorf("data folder: %w; name a folder that may be written with --data or HAIGO_DATA", err)
}

// with opens all for one thing to do, and closes it.
func (e *env) with(do func(a *app) error) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	return do(a)
}

// owning is with for what reads or writes the data folder beside the database: it must be that database's.
func (e *env) owning(do func(a *app) error) error {
	return e.with(func(a *app) error {
		if err := a.settle(e); err != nil {
			return err
		}
		return do(a)
	})
}

func (a *app) connect(e *env) (err error) {
	if a.databaseURL == "" {
		if a.private, err = local.Start(e.ctx, local.Options{Data: a.data, Bin: e.getenv("HAIGO_POSTGRES_BIN"), Log: e.log}); err != nil {
			return err
		}
		a.databaseURL = a.private.URL
	}
	a.store, err = postgres.Open(e.ctx, a.databaseURL)
	return err
}

func openTrainers(e *env, data string) (*trainers.Host, error) {
	dir := e.settings.Trainers
	if dir == "" {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the program's folder: %w", err)
		}
		dir = filepath.Dir(program)
	}
	return trainers.Open(trainers.Options{Bin: dir, Data: data, Log: e.log})
}

// openEngines makes the engines that the administrator's file describes, besides this machine's.
func (a *app) openEngines(e *env) error {
	settings, err := batch.ReadSettings(a.data)
	if err != nil {
		return err
	}
	a.first = cmp.Or(e.settings.Engine, settings.Engine, "local")
	if a.first != "local" && !slices.Contains(settings.Names(), a.first) {
		return fmt.Errorf("there is no engine %s; describe it in %s, under a key of that name", a.first, filepath.Join(a.data, batch.SettingsFile))
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	a.engines = batch.Open(settings, batch.Options{Program: program, Data: a.data, Log: e.log})
	return nil
}

// devicesFile is what the administrator says of devices, in the data folder.
const devicesFile = "devices.yaml"

// openDevices reads what is said of devices; without a file all have one price.
func (a *app) openDevices(e *env) error {
	path := filepath.Join(a.data, devicesFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read what is said of devices: %w", err)
	}
	kinds, err := ablation.ParseDevices(text)
	if err != nil {
		return inFile(path, text, err)
	}
	a.devices = ablation.Devices{Kinds: kinds, YenPerHour: e.settings.YenPerHour}
	return nil
}

// side is how many runs go side by side and how many threads each has, on the engine that starts attempts.
func (a *app) side(e *env) (runs, threads int) {
	for _, b := range a.engines {
		if b.Name() != a.first {
			continue
		}
		runs, threads = b.Side()
		return cmp.Or(e.settings.RunsAtOnce, runs), threads
	}
	return e.settings.side()
}

// close lets go of everything, in the order opposite to open. The private server stops unless somebody else uses it.
func (a *app) close() error {
	var errs []error
	for _, b := range a.engines {
		b.Close()
	}
	if a.port != nil {
		errs = append(errs, a.port.Close())
	}
	if a.trainers != nil {
		errs = append(errs, a.trainers.Close())
	}
	if a.store != nil {
		a.store.Close()
	}
	if a.private != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		errs = append(errs, a.private.Stop(ctx))
	}
	return errors.Join(errs...)
}

// localEngine runs attempts on this machine, by this program.
func localEngine(data string) (*engine.Local, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	return &engine.Local{Exec: []string{program, "exec"}, Locks: filepath.Join(data, "devices")}, nil
}

// worker is this process as a worker.
func (a *app) worker(e *env, stopRunners bool) (*orchestrator.Worker, error) {
	local, err := localEngine(a.data)
	if err != nil {
		return nil, err
	}
	holder, err := engine.Self()
	if err != nil {
		return nil, err
	}
	engines := []engine.Engine{local}
	for _, b := range a.engines {
		engines = append(engines, b)
	}
	i := slices.IndexFunc(engines, func(v engine.Engine) bool { return v.Name() == a.first })
	engines[0], engines[i] = engines[i], engines[0]
	runs, threads := a.side(e)
	return &orchestrator.Worker{
		Store: a.store, Trainers: a.trainers, Engines: engines, Data: a.data,
		Holder: holder, Gone: engine.Gone, MaxRuns: runs, Threads: threads, Pack: e.settings.Pack, Devices: a.devices, StopRunners: stopRunners, Log: e.log,
	}, nil
}
