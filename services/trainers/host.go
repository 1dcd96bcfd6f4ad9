package trainers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Options say where plugins are and how long they may take.
type Options struct {
	Bin  string // folder of the binaries; its plugins.yaml is written by make build
	Data string // data folder, absolute; its plugins.yaml and its folder trainers may add some
	Log  *slog.Logger

	StartTimeout time.Duration // until a plugin says where it listens; 30 s unless set
	CallTimeout  time.Duration // of one call; 2 min unless set: a first look at a large source takes time
}

// Host holds the plugins that are running. It may be used concurrently; Close ends them.
type Host struct {
	options Options
	sockets string // folder for the plugins' sockets, private to this user

	mu     sync.Mutex
	names  []string
	slots  map[string]*slot
	faults []Fault
}

// Open reads both lists; it starts nothing yet.
func Open(o Options) (*Host, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.StartTimeout = cmp.Or(o.StartTimeout, 30*time.Second)
	o.CallTimeout = cmp.Or(o.CallTimeout, 2*time.Minute)
	plugins, faults, err := listed(o)
	if err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp(socketsBelow(), "haigo-plugins-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the plugins' sockets: %w", err)
	}
	h := &Host{options: o, sockets: sockets, slots: map[string]*slot{}}
	h.add(plugins, faults)
	return h, nil
}

// socketsBelow is where sockets fit: the folder for passing files, if its path leaves room for their names.
func socketsBelow() string {
	const longest, names = 100, len("/haigo-plugins-1234567890/plugin1234567890")
	if dir := os.TempDir(); len(dir)+names <= longest {
		return dir
	}
	return "/tmp"
}

// listed is all plugins, those of one command among them, and what is no such command.
func listed(o Options) ([]Plugin, []Fault, error) {
	plugins, err := list(o.Bin, o.Data)
	if err != nil {
		return nil, nil, err
	}
	return commands(plugins, o.Data)
}

// add takes in those that aren't known yet.
func (h *Host) add(plugins []Plugin, faults []Fault) {
	h.faults = faults
	for _, p := range plugins {
		if h.slots[p.Name] == nil {
			h.names = append(h.names, p.Name)
			h.slots[p.Name] = &slot{host: h, plugin: p}
		}
	}
}

// Names is the trainers that may be asked, in the order of the lists; last come those that were added since Open and asked for.
func (h *Host) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.names)
}

// Faults are the files in the data folder that are no trainers, as far as they were looked at.
func (h *Host) Faults() []Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.faults)
}

// slot is a trainer's, nil for one that there isn't. The lists are read again for one that isn't known: it may be new.
func (h *Host) slot(name string) (*slot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.slots[name]; s != nil {
		return s, nil
	}
	plugins, faults, err := listed(h.options)
	if err != nil {
		return nil, err
	}
	h.add(plugins, faults)
	return h.slots[name], nil
}

// Describe asks what a trainer is. An unknown name is ablation.ErrNotFound.
func (h *Host) Describe(ctx context.Context, name string) (trainer.Description, error) {
	return ask(ctx, h, name, func(ctx context.Context, t trainer.Trainer) (trainer.Description, error) {
		d, err := t.Describe(ctx)
		if err == nil && d.Name != name {
			err = ablation.Conflict("the program that plugins.yaml lists as %s calls itself %s; correct the name there",
				"plugins.yaml で %s となっているプログラムは %s と名乗っています。plugins.yaml の名前を直してください", name, d.Name)
		}
		return d, err
	})
}

// Check asks what stands in the way of a run.
func (h *Host) Check(ctx context.Context, name string, s *spec.Spec) (trainer.Report, error) {
	return ask(ctx, h, name, func(ctx context.Context, t trainer.Trainer) (trainer.Report, error) { return t.Check(ctx, s) })
}

// Plan asks what an engine is to run.
func (h *Host) Plan(ctx context.Context, name string, assignments []trainer.Assignment) (trainer.Plan, error) {
	return ask(ctx, h, name, func(ctx context.Context, t trainer.Trainer) (trainer.Plan, error) { return t.Plan(ctx, assignments) })
}

// Close ends every plugin and waits for them. The host can't be used after.
func (h *Host) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var closing sync.WaitGroup
	for _, s := range h.slots {
		closing.Go(s.close)
	}
	closing.Wait()
	return os.RemoveAll(h.sockets)
}

// ask makes one call. A plugin that died before it answered is started anew, once: calls change nothing, so asking again
// is safe.
func ask[T any](ctx context.Context, h *Host, name string, call func(context.Context, trainer.Trainer) (T, error)) (answer T, err error) {
	s, err := h.slot(name)
	if err != nil {
		return answer, err
	}
	if s == nil {
		return answer, unready{h.unknown(name)}
	}
	for range 2 {
		answer, err = attempt(ctx, s, call)
		if !errors.Is(err, trainer.ErrGone) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		err = fmt.Errorf("trainer %s: %w", name, err)
	}
	if errors.Is(err, trainer.ErrGone) || errors.Is(err, context.DeadlineExceeded) {
		err = unready{err}
	}
	return answer, err
}

func attempt[T any](ctx context.Context, s *slot, call func(context.Context, trainer.Trainer) (T, error)) (answer T, err error) {
	p, err := s.open()
	if err != nil {
		return answer, unready{err}
	}
	bounded, cancel := context.WithTimeout(ctx, s.host.options.CallTimeout)
	defer cancel()
	answer, err = call(bounded, p.trainer)
	// The plugin has the deadline too, and its clock may be ahead.
	late := bounded.Err() != nil || errors.Is(err, context.DeadlineExceeded)
	if errors.Is(err, trainer.ErrGone) || late && ctx.Err() == nil {
		s.drop(p)
	}
	return answer, err
}

// unready is why a trainer can't be asked, as a [trainer.ErrUnready].
type unready struct{ error }

func (u unready) Unwrap() []error { return []error{u.error, trainer.ErrUnready} }

func (h *Host) unknown(name string) error {
	message := ablation.Label{EN: "there are no trainers here; run make build", JA: "トレーナーがありません。make build を実行してください"}
	if names := h.Names(); len(names) > 0 {
		all := strings.Join(names, ", ")
		message = ablation.Label{
			EN: fmt.Sprintf("there is no trainer %s; take one of %s, or describe it in trainers/%[1]s.yaml of the data folder, or list it in plugins.yaml there", name, all),
			JA: fmt.Sprintf("トレーナー %s はありません。%s から選ぶか、データフォルダーの trainers/%[1]s.yaml に書くか、同じ場所の plugins.yaml に加えてください", name, all),
		}
	}
	for _, f := range h.Faults() {
		message.EN += fmt.Sprintf(". %s isn't one: %s", f.File, f.Message.EN)
		message.JA += fmt.Sprintf("。%s はトレーナーになっていません：%s", f.File, f.Message.JA)
	}
	return &ablation.Refusal{Kind: ablation.ErrNotFound, Message: message}
}
