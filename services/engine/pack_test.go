package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/engine"
)

// trainUntilAsked writes down which process trains the member, and waits for its stop file, unless the member is deaf.
func trainUntilAsked(ctx context.Context, dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, "pids"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	if err := errors.Join(err, file.Close(), os.WriteFile(filepath.Join(dir, "ready"), nil, 0o644)); err != nil {
		return err
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for (!exists(dir, spec.StopFile) || exists(dir, "deaf")) && ctx.Err() == nil {
		<-look.C
	}
	return nil
}

// barracks is a data folder with packs and attempts of one member each.
type barracks struct {
	*testing.T
	data string
}

// open opens a pack of so many slots.
func (b barracks) open(name string, slots int) string {
	b.Helper()
	dir := spec.PackDir(b.data, name)
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := trainer.Plan{Parts: []spec.Part{{Name: "0", Argv: []string{binary, "pack"}, Dir: ".", Env: map[string]string{}}}}
	if err := engine.PreparePack(dir, spec.Pack{PackVersion: 1, Slots: slots}, []byte("{}"), p, rand.Text()); err != nil {
		b.Fatal(err)
	}
	submit(b, dir)
	return dir
}

// member is a run's attempt, ready to join.
func (b barracks) member(run string) string {
	b.Helper()
	dir := spec.AttemptDir(spec.RunDir(b.data, run), 1)
	if err := engine.PrepareMember(dir, []byte("{}")); err != nil {
		b.Fatal(err)
	}
	return dir
}

func (b barracks) join(pack, dir string) engine.Handle {
	b.Helper()
	h, err := wrapper().Join(b.Context(), pack, dir)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func (b barracks) stop(h engine.Handle) {
	b.Helper()
	if err := wrapper().Stop(b.Context(), h, time.Minute); err != nil {
		b.Fatal(err)
	}
}

func (b barracks) until(dir string, want engine.State) {
	b.Helper()
	until(b, string(want), func() bool { return state(b, dir) == want })
}

// TestPack: members come and leave by themselves; who waits is taken when a slot is free, or never once it is stopped.
func TestPack(t *testing.T) {
	t.Parallel()
	b := barracks{t, t.TempDir()}
	pack := b.open("p", 2)
	first, second := b.member("first"), b.member("second")
	one, _ := b.join(pack, first), b.join(pack, second)
	ready(t, first)
	ready(t, second)
	waits, never := b.member("waits"), b.member("never")
	b.join(pack, waits)
	unwanted := b.join(pack, never)
	b.until(waits, engine.Waiting)
	b.stop(unwanted)
	b.until(never, engine.Ended)
	b.stop(one)
	b.until(first, engine.Ended)
	ready(t, waits)
	if state(t, second) != engine.Running || state(t, waits) != engine.Running || exists(never, "ready") {
		t.Errorf("second is %s, the one that waited %s; one that was stopped before trained: %t", state(t, second), state(t, waits), exists(never, "ready"))
	}
	if text(t, first, "pids") != text(t, waits, "pids") || text(t, first, "pids") != text(t, second, "pids") {
		t.Error("members of one pack have processes of their own")
	}
	if process(t, second).Nonce != process(t, pack).Nonce {
		t.Error("a member's process isn't its pack's")
	}
}

// TestPack_killed: what it trained has ended, what it hadn't taken joins another pack, and only there it trains.
func TestPack_killed(t *testing.T) {
	t.Parallel()
	b := barracks{t, t.TempDir()}
	pack := b.open("p", 1)
	taken, waits := b.member("taken"), b.member("waits")
	b.join(pack, taken)
	ready(t, taken)
	b.join(pack, waits)
	b.until(waits, engine.Waiting)
	if inside, err := wrapper().PackOf(waits); inside != pack || err != nil {
		t.Fatalf("waits in %q: %v", inside, err)
	}
	for _, pid := range []int{process(t, pack).PID, number(t, taken, "pids")} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	b.until(taken, engine.Ended)
	b.until(waits, engine.NotStarted)
	if inside, err := wrapper().PackOf(waits); inside != "" || err != nil {
		t.Errorf("is still in %q: %v", inside, err)
	}
	next := b.open("next", 2)
	b.join(next, waits)
	ready(t, waits)
	b.join(next, taken) // a worker that doesn't know
	last := b.member("zz")
	b.join(next, last)
	b.stop(b.join(next, waits))
	ready(t, last) // so the one before was passed over
	b.until(taken, engine.Ended)
	if text(t, taken, "pids") == text(t, waits, "pids") {
		t.Error("an attempt that was begun was begun again")
	}
}

// TestPack_neverInTwo: whatever a worker that slept writes, one process trains an attempt.
func TestPack_neverInTwo(t *testing.T) {
	t.Parallel()
	b := barracks{t, t.TempDir()}
	packs := []string{b.open("p", 5), b.open("q", 5)}
	var dirs []string
	for _, run := range []string{"a", "b", "c"} {
		dirs = append(dirs, b.member(run))
		for _, pack := range packs {
			b.join(pack, dirs[len(dirs)-1])
		}
	}
	for _, dir := range dirs {
		ready(t, dir)
	}
	for i, pack := range packs {
		last := b.member("last" + strconv.Itoa(i))
		b.join(pack, last)
		ready(t, last) // so all that came before was passed over, or taken
	}
	for _, dir := range dirs {
		if len(strings.Fields(text(t, dir, "pids"))) != 1 {
			t.Errorf("%s was trained by %s", dir, text(t, dir, "pids"))
		}
	}
}

// TestPack_aMemberKilled: one that doesn't leave when it is asked to ends with its pack.
func TestPack_aMemberKilled(t *testing.T) {
	t.Parallel()
	b := barracks{t, t.TempDir()}
	pack := b.open("p", 2)
	deaf, beside := b.member("deaf"), b.member("beside")
	if err := os.WriteFile(filepath.Join(deaf, "deaf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	h := b.join(pack, deaf)
	b.join(pack, beside)
	ready(t, deaf)
	ready(t, beside)
	if err := wrapper().Kill(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{deaf, beside, pack} {
		b.until(dir, engine.Ended)
	}
}
