package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/engine/batch"
)

const (
	littleSpace = 5 << 30          // of a disk that training writes to
	clocksApart = 30 * time.Second // more, and times of runs and leases look odd
)

type doctorCmd struct {
	JSON bool `help:"Print one JSON document."`
}

// finding is what the doctor says of one thing. A thing that needn't work is no trouble.
type finding struct {
	What   string `json:"what"`
	Works  bool   `json:"works"`
	Detail string `json:"detail"` // what was found, or what to do
}

// errUnwell is the exit status of a machine on which something doesn't work; all has been said by then.
var errUnwell = errors.New("something doesn't work here: see the lines marked no")

// Run looks at everything that a run needs, one thing after the other, and goes on where one doesn't work.
func (c doctorCmd) Run(e *env) error {
	found := examine(e)
	if c.JSON {
		out := json.NewEncoder(e.stdout)
		out.SetIndent("", "  ")
		if err := out.Encode(found); err != nil {
			return err
		}
	} else if err := printFindings(e, found); err != nil {
		return err
	}
	for _, f := range found {
		if !f.Works {
			return errUnwell
		}
	}
	return nil
}

func printFindings(e *env, found []finding) error {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range found {
		mark := "yes"
		if !f.Works {
			mark = "no"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, f.What, strings.ReplaceAll(f.Detail, "\n", " "))
	}
	return t.Flush()
}

func examine(e *env) []finding {
	data, err := e.settings.dataDir(e.getenv)
	if err != nil {
		return []finding{{"data folder", false, err.Error()}}
	}
	found := []finding{disk(data)}
	found = append(found, stored(e)...)
	found = append(found, trainerFindings(e, data)...)
	if err := (&app{data: data}).openDevices(e); err != nil {
		found = append(found, finding{"devices", false, fmt.Sprintf("%s: %v", devicesFile, err)})
	}
	found = append(found, here(e, data))
	return append(append(found, batchFindings(e, data)...), mailAndChat(data))
}

// here tries what an attempt on this machine needs.
func here(e *env, data string) finding {
	f := finding{What: "engine local"}
	local, err := localEngine(data)
	if err == nil {
		err = local.Examine(e.ctx, filepath.Join(data, "runs"))
	}
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	runs, threads := e.settings.side()
	f.Works, f.Detail = true, fmt.Sprintf("this machine: %s at once, %s each", many(int64(runs), "run"), many(int64(threads), "thread"))
	return f
}

// stored looks at the database, and at its clock.
func stored(e *env) []finding {
	a, err := connected(e)
	if err != nil {
		return []finding{{"postgres", false, err.Error()}}
	}
	defer a.close()
	return append([]finding{database(e, a), clocks(e, a)}, held(e, a)...)
}

// held says which runs can't begin now, and why.
func held(e *env, a *app) (found []finding) {
	if now, newest, err := a.store.Schema(e.ctx); err != nil || now != newest {
		return nil // which has been said
	}
	runs, err := a.store.Held(e.ctx)
	if err != nil {
		return []finding{{"runs", false, err.Error()}}
	}
	for _, h := range runs {
		found = append(found, finding{"sweep " + h.Sweep, false, many(h.Runs, "run") + " can't begin: " + h.Why.EN})
	}
	return found
}

// batchFindings asks every batch system that engines.yaml describes whether it would take a job.
func batchFindings(e *env, data string) []finding {
	settings, err := batch.ReadSettings(data)
	if err != nil {
		return []finding{{"engines", false, err.Error()}}
	}
	program, err := os.Executable()
	if err != nil {
		return []finding{{"engines", false, err.Error()}}
	}
	var found []finding
	for _, b := range batch.Open(settings, batch.Options{Program: program, Data: data}) {
		detail, err := b.Examine(e.ctx)
		b.Close()
		runs, threads := b.Side()
		f := finding{"engine " + b.Name(), err == nil, fmt.Sprintf("%s; %s at once, %s each", detail, many(int64(runs), "job"), many(int64(threads), "thread"))}
		if err != nil {
			f.Detail = err.Error()
		}
		found = append(found, f)
	}
	return found
}

// disk looks at whether the data folder can be written to and has room.
func disk(data string) finding {
	f := finding{What: "data folder", Detail: data}
	probe, err := os.CreateTemp(data, ".doctor-*")
	if err != nil {
		f.Detail = fmt.Sprintf("%v; choose a folder that can be written to with --data", err)
		return f
	}
	probe.Close()
	os.Remove(probe.Name())
	var s unix.Statfs_t
	if err := unix.Statfs(data, &s); err != nil {
		f.Detail = err.Error()
		return f
	}
	free := s.Bavail * uint64(s.Bsize)
	f.Works, f.Detail = free >= littleSpace, fmt.Sprintf("%s, %.1f GiB free", data, float64(free)/(1<<30))
	if !f.Works {
		f.Detail += "; checkpoints and points need more: free some, or move it with --data"
	}
	return f
}

func database(e *env, a *app) finding {
	version, err := a.store.Version(e.ctx)
	if err != nil {
		return finding{"postgres", false, err.Error()}
	}
	now, newest, err := a.store.Schema(e.ctx)
	if err != nil {
		return finding{"postgres", false, err.Error()}
	}
	if now > newest {
		return finding{"postgres", false, fmt.Sprintf("a newer program made this database: its version is %d, this program knows %d; take the newer program", now, newest)}
	}
	where := "a private server in the data folder"
	if a.private == nil {
		where = "as DATABASE_URL says"
	}
	switch {
	case now == 0:
		where += "; it has no tables yet: serve, dev or work will make them"
	case now < newest:
		where += fmt.Sprintf("; its tables are of version %d: serve, dev or work will bring them to %d", now, newest)
	}
	return finding{"postgres", true, version + ", " + where}
}

// clocks compares this machine's clock with the database's, by which leases and recurrences go.
func clocks(e *env, a *app) finding {
	before := time.Now()
	theirs, err := a.store.Now(e.ctx)
	if err != nil {
		return finding{"clocks", false, err.Error()}
	}
	apart := theirs.Sub(before.Add(time.Since(before) / 2)).Abs()
	f := finding{"clocks", apart < clocksApart, fmt.Sprintf("%s apart from the database's", apart.Round(time.Millisecond))}
	if !f.Works {
		f.Detail += "; set both by the same time server"
	}
	return f
}

// trainerFindings asks every trainer what it is: one that can't answer here says why.
func trainerFindings(e *env, data string) (found []finding) {
	trainers, err := openTrainers(e, data)
	if err != nil {
		return []finding{{"trainers", false, err.Error()}}
	}
	defer trainers.Close()
	for _, f := range trainers.Faults() {
		found = append(found, finding{f.File, false, f.Message.In("en")})
	}
	if len(trainers.Names()) == 0 {
		return append(found, finding{"trainers", false, "there are none; run make build"})
	}
	for _, name := range trainers.Names() {
		d, err := trainers.Describe(e.ctx, name)
		if err != nil {
			found = append(found, finding{"trainer " + name, false, err.Error()})
			continue
		}
		works := d.Absent == "" || len(d.Devices) == 0 || elsewhere(data)
		found = append(found, finding{"trainer " + name, works, strings.Join(append([]string{d.Version}, about(d)...), ", ")})
	}
	return found
}

// elsewhere reports whether runs train on the nodes of a batch system.
func elsewhere(data string) bool {
	s, err := batch.ReadSettings(data)
	return err == nil && s.Engine != "" && s.Engine != "local"
}

// about is a trainer's devices, or why it can't use them here: one that wasn't set up is no trouble.
func about(d trainer.Description) []string {
	if d.Absent != "" {
		return []string{"not for use here: " + d.Absent}
	}
	names := make([]string, len(d.Devices))
	for i, v := range d.Devices {
		names[i] = v.Name
	}
	return names
}

// mailAndChat says what the administrator's file allows; without mail nothing is wrong.
func mailAndChat(data string) finding {
	s, err := alert.ReadSettings(data)
	switch {
	case err != nil:
		return finding{"alerts", false, err.Error()}
	case s.Mail.Server == "":
		return finding{"alerts", true, "chat and webhooks; no mail server is named in " + alert.SettingsFile}
	}
	return finding{"alerts", true, "chat, webhooks, and mail through " + s.Mail.Server}
}
