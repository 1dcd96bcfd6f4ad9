package engine_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	self, err := engine.Self()
	if err != nil {
		t.Fatal(err)
	}
	now, old := time.Now(), time.Now().Add(-2*time.Minute)
	for _, v := range []struct {
		name       string
		host, boot string
		beat       time.Time
		exited     bool
		want       engine.State
	}{
		{"prepared only", "", "", time.Time{}, false, engine.NotStarted},
		{"the lock free again", self.Host, self.BootID, now, false, engine.Ended},
		{"the machine started anew", self.Host, "earlier", now, false, engine.Ended},
		{"another container of this machine", "other", self.BootID, now, false, engine.Ended},
		{"another machine, beating", "other", "other", now, false, engine.Running},
		{"another machine, silent", "other", "other", old, false, engine.Unobserved},
		{"another machine, gone", "other", "other", now.Add(-time.Hour), false, engine.Ended},
		{"another machine, never seen", "other", "other", time.Time{}, false, engine.Unobserved},
		{"another machine, ended", "other", "other", now, true, engine.Ended},
	} {
		t.Run(v.name, func(t *testing.T) { // one after the other: a parallel one would wait for others while its heartbeat gets old
			dir := attempt(t, "exit 0")
			started := now.Add(-time.Minute)
			if !v.beat.IsZero() {
				started = v.beat
			}
			var errs []error
			if v.host != "" {
				errs = append(errs, spec.WriteFile(filepath.Join(dir, spec.ProcessFile), spec.Process{Host: v.host, BootID: v.boot, Nonce: "nonce" + t.Name(), Started: started}))
			}
			if !v.beat.IsZero() {
				path := filepath.Join(dir, spec.HeartbeatFile)
				errs = append(errs, os.WriteFile(path, nil, 0o644), os.Chtimes(path, v.beat, v.beat))
			}
			if v.exited {
				errs = append(errs, spec.WriteFile(filepath.Join(dir, spec.ExitFile), spec.Exit{}))
			}
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			got, err := engine.Verdict(dir)
			if err != nil || got.State != v.want || !got.Seen.Truncate(time.Second).Equal(v.beat.Truncate(time.Second)) {
				t.Errorf("got %+v, %v; want %s, seen %v", got, err, v.want, v.beat)
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "runs", "r1", "attempt-0001")
	p := plan("exit 0")
	p.Files = []trainer.PlanFile{{Path: "conf/args", Content: []byte("x")}}
	if err := engine.Prepare(dir, []byte("{ }\n"), p, "n1"); err != nil {
		t.Fatal(err)
	}
	if err := engine.Prepare(dir, []byte("{}"), p, "n2"); err != nil { // a worker that died before it submitted
		t.Fatal(err)
	}
	launch, err := spec.ReadFile[spec.Launch](filepath.Join(dir, spec.LaunchFile))
	if err != nil || launch.Nonce != "n2" || text(t, dir, spec.SpecFile) != "{}" || text(t, dir, "conf/args") != "x" {
		t.Errorf("launch.json: %+v, %v", launch, err)
	}
	for _, bad := range []trainer.Plan{
		{},
		{Parts: []spec.Part{{Name: "x"}}},
		{Parts: p.Parts, Files: []trainer.PlanFile{{Path: "../spec.json"}}},
	} {
		if err := engine.Prepare(t.TempDir(), nil, bad, "n"); err == nil {
			t.Errorf("prepared %+v", bad)
		}
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	self, err := engine.Self()
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name   string
		change func(h *ablation.Holder)
		want   bool
	}{
		{"itself", func(*ablation.Holder) {}, false},
		{"an ended process", func(h *ablation.Holder) { h.PID = ended.Process.Pid }, true},
		{"a recycled pid", func(h *ablation.Holder) { h.StartTime-- }, true},
		{"before a reboot", func(h *ablation.Holder) { h.BootID = "earlier" }, true},
		{"another host", func(h *ablation.Holder) { h.Host, h.StartTime = "other", 0 }, false},
	} {
		h := self
		v.change(&h)
		if got := engine.Gone(h); got != v.want {
			t.Errorf("%s: gone is %v, want %v", v.name, got, v.want)
		}
	}
}

func gone(p *spec.Process) bool {
	return engine.Gone(ablation.Holder{Host: p.Host, BootID: p.BootID, PID: p.PID, StartTime: p.StartTime})
}
