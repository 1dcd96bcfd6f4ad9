package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
	"github.com/haigo-lab/haigo/services/postgres"
)

const (
	alertEvery = 5 * time.Second
	alertLimit = 90 * time.Second // of a delivery
	alertHold  = 2 * time.Minute  // longer than that
	alertPause = 15 * time.Second // of a channel that is away
	alertLines = 12               // of a run's log
	alertTries = 80               // about three days of them: a weekend
)

// Alerter finds silent runs and sends what lies in the outbox until it has arrived. Any number of them may share a
// database: a delivery is in one's hands at a time. One that dies with a delivery in hand may have sent it, so that an
// alert arrives at least once, each time under the same id.
type Alerter struct {
	Store  *postgres.Store
	Send   func(ctx context.Context, d ablation.Delivery, log []string) error // an error is *ablation.Trouble
	Data   string                                                             // where the runs' folders lie
	Silent time.Duration                                                      // after which a run without metrics is an alert; 0: never
	Log    *slog.Logger

	watch   watch
	busy    sync.Map // of channels by id
	sending sync.WaitGroup
}

// Run looks until ctx ends.
func (a *Alerter) Run(ctx context.Context) error {
	defer a.Wait()
	return lookEach(ctx, alertEvery, a.Log, "Could not see to alerts, will look again", a.AlertOnce)
}

// AlertOnce raises what is to be found by looking, and begins to send what is due: through all channels side by side, so
// that a target that hangs holds up nobody, and through each in order. It doesn't wait for them, [Alerter.Wait] does.
func (a *Alerter) AlertOnce(ctx context.Context) error {
	silence := a.silence(ctx, time.Now())
	due, err := a.Store.DueChannels(ctx)
	for _, c := range due {
		if _, busy := a.busy.LoadOrStore(c.ID, true); !busy {
			a.sending.Go(func() { a.empty(ctx, c) })
		}
	}
	return errors.Join(silence, err)
}

// silence looks for silent runs, once it has been able to for as long as they may be silent: what runs said while nobody
// stored it is being read now.
func (a *Alerter) silence(ctx context.Context, now time.Time) error {
	if a.Silent <= 0 {
		return nil
	}
	if err := a.Store.Ping(ctx); err != nil {
		return err
	}
	if a.watch.lasts(now) < a.Silent {
		return a.Store.RaiseRecovered(ctx)
	}
	return a.Store.RaiseSilence(ctx, a.Silent)
}

// watch is a time without gaps. The zero value begins with the first look.
type watch struct{ since, last time.Time }

// lasts notes a look and says for how long there were looks without a gap.
func (w *watch) lasts(now time.Time) time.Duration {
	if now.Sub(w.last) > 6*alertEvery {
		w.since = now
	}
	w.last = now
	return now.Sub(w.since)
}

// Wait returns when no delivery is in hand any more.
func (a *Alerter) Wait() { a.sending.Wait() }

func (a *Alerter) empty(ctx context.Context, c ablation.Channel) {
	defer a.busy.Delete(c.ID)
	if err := a.deliverAll(ctx, c); err != nil && ctx.Err() == nil {
		a.Log.Warn("Could not see to a channel's alerts, will look again", "channel", c.Name, "err", err)
	}
}

// deliverAll sends what is due through a channel, each taken when it is its turn. In quiet hours it lies in the outbox and
// stays due. When ctx ends, what is in hand is sent to its end, which its limit bounds: sent again later, it would be shown twice.
func (a *Alerter) deliverAll(ctx context.Context, c ablation.Channel) error {
	for ctx.Err() == nil {
		if _, quiet := c.Quiet.Ends(time.Now()); quiet {
			return nil
		}
		d, err := a.Store.TakeDelivery(ctx, c, alertHold)
		if errors.Is(err, ablation.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if arrived, err := a.deliver(context.WithoutCancel(ctx), d); err != nil || !arrived {
			return err
		}
	}
	return nil
}

// deliver sends one alert. Where its channel is away, what lies behind it waits as well.
func (a *Alerter) deliver(ctx context.Context, d ablation.Delivery) (arrived bool, err error) {
	log, err := a.lastWords(ctx, d.Alert, d.Channel.Lang)
	if err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, alertLimit)
	defer cancel()
	if err := a.Send(limited, d, log); err != nil {
		words := ablation.TroubleOf(err)
		a.Log.Warn("An alert didn't arrive", "alert_id", d.Alert.ID, "channel", d.Channel.Name, "tries", d.Tries, "trouble", words.EN)
		return false, errors.Join(a.Store.Undelivered(ctx, d, words, nextTry(d.Tries)), a.Store.Postpone(ctx, d.Channel.ID, alertPause))
	}
	a.Log.Info("An alert was sent", "alert_id", d.Alert.ID, "kind", d.Alert.Kind, "channel", d.Channel.Name)
	return true, a.Store.Delivered(ctx, d)
}

// nextTry waits twice as long after each try, from 15 seconds to an hour; zero after the last.
func nextTry(tries int) time.Duration {
	if tries >= alertTries {
		return 0
	}
	return min(time.Hour, alertPause<<min(tries-1, 10))
}

// lastWords are the end of what the alert's attempt logged, then of what its process said, if it failed or logged nothing.
func (a *Alerter) lastWords(ctx context.Context, of ablation.Alert, lang string) ([]string, error) {
	if of.RunID == "" {
		return nil, nil
	}
	lines, err := a.Store.Logs(ctx, of.RunID, alertLines)
	if err != nil {
		return nil, fmt.Errorf("read the run's log: %w", err)
	}
	var out []string
	for _, l := range lines {
		if l.Attempt == of.Detail.Attempt {
			out = append(out, l.Text.In(lang))
		}
	}
	if of.Kind == ablation.AlertRunFailed || len(out) == 0 {
		out = append(out, processWords(spec.AttemptDir(spec.RunDir(a.Data, of.RunID), of.Detail.Attempt))...)
	}
	return out[max(0, len(out)-alertLines):], nil
}

// processWords are the end of what an attempt's process said, and then, in short, of what its job's shell did: there a batch
// system says why it ended a job.
func processWords(dir string) []string {
	words, job := tailOf(filepath.Join(dir, spec.StderrFile)), jobWords(dir)
	if len(words) > 0 {
		job = job[max(0, len(job)-3):]
	}
	return append(words, job...)
}

// jobWords are the end of what the shell of a batch system's job printed.
func jobWords(dir string) []string {
	return append(tailOf(filepath.Join(dir, engine.JobLog)), tailOf(filepath.Join(dir, engine.JobErrors))...)
}

// tailOf is the end of a file; of one that isn't there, nothing.
func tailOf(path string) []string {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	const enough = 4096
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	data := make([]byte, min(enough, info.Size()))
	if _, err := file.ReadAt(data, info.Size()-int64(len(data))); err != nil {
		return nil
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(data), ""))
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-alertLines):]
}
