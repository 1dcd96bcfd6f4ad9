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
	"github.com/haigo-lab/haigo/services/postgres"
)

const (
	alertEvery = 5 * time.Second
	alertHold  = 2 * time.Minute // longer than a delivery may take
	alertLines = 12              // of a run's log
	alertTries = 40              // about two days of them
)

// Alerter finds silent runs and sends what lies in the outbox until it has arrived. Any number of them may share a
// database: a delivery is in one's hands at a time. One that dies with a delivery in hand may have sent it, so that an
// alert arrives at least once, each time under the same id.
type Alerter struct {
	Store  *postgres.Store
	Send   func(ctx context.Context, d ablation.Delivery, log []string) error
	Data   string        // where the runs' folders lie
	Silent time.Duration // after which a run without metrics is an alert; 0: never
	Log    *slog.Logger

	mu   sync.Mutex
	busy map[int64]bool // channels that something is being sent through
}

// Run looks until ctx ends, then waits for what is being sent.
func (a *Alerter) Run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	return lookEach(ctx, alertEvery, a.Log, "Could not see to alerts, will look again", func(ctx context.Context) error {
		return a.look(ctx, &sending)
	})
}

// AlertOnce raises what is to be found by looking, and sends what is due.
func (a *Alerter) AlertOnce(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	return a.look(ctx, &sending)
}

// look begins to send what is due through each channel that nothing is sent through: one whose target is slow or hangs holds
// up nobody else.
func (a *Alerter) look(ctx context.Context, sending *sync.WaitGroup) error {
	var silence error
	if a.Silent > 0 {
		silence = a.Store.RaiseSilence(ctx, a.Silent)
	}
	due, err := a.Store.DueChannels(ctx)
	for _, channel := range due {
		if !a.begin(channel) {
			continue
		}
		sending.Go(func() {
			defer a.done(channel)
			if err := a.deliverAll(ctx, channel); err != nil && ctx.Err() == nil {
				a.Log.Warn("Could not see to a channel's alerts, will look again", "channel_id", channel, "err", err)
			}
		})
	}
	return errors.Join(silence, err)
}

func (a *Alerter) begin(channel int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy == nil {
		a.busy = map[int64]bool{}
	}
	begins := !a.busy[channel]
	a.busy[channel] = true
	return begins
}

func (a *Alerter) done(channel int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.busy, channel)
}

// deliverAll sends what is due through a channel, one after the other: each is in this one's hands for as long as it takes
// itself, so that a second service never sends it meanwhile. A channel that is away is tried once; what lies behind waits.
func (a *Alerter) deliverAll(ctx context.Context, channel int64) error {
	for {
		d, err := a.Store.TakeDelivery(ctx, channel, alertHold)
		if err != nil || d == nil {
			return err
		}
		arrived, err := a.deliver(ctx, *d)
		if err != nil {
			return err
		}
		if !arrived {
			return a.Store.PostponeChannel(ctx, channel, soon(d.Tries, time.Now()))
		}
	}
}

// soon is when others of a channel are tried after one that was tried so often.
func soon(tries int, now time.Time) time.Time {
	return nextTry(min(tries, alertTries-1), now)
}

// deliver sends one alert; arrived is false where its channel is away, and true where it need not arrive yet.
func (a *Alerter) deliver(ctx context.Context, d ablation.Delivery) (arrived bool, err error) {
	if until, quiet := d.Channel.Quiet.Ends(time.Now()); quiet {
		return true, a.Store.Postpone(ctx, d, until)
	}
	log, err := a.lastWords(ctx, d.Alert, d.Channel.Lang)
	if err != nil {
		return false, err
	}
	if err := a.Send(ctx, d, log); err != nil {
		if ctx.Err() != nil {
			return false, err
		}
		a.Log.Warn("An alert didn't arrive", "alert_id", d.Alert.ID, "channel", d.Channel.Name, "tries", d.Tries, "err", err)
		return false, a.Store.Undelivered(ctx, d, err.Error(), nextTry(d.Tries, time.Now()))
	}
	a.Log.Info("An alert was sent", "alert_id", d.Alert.ID, "kind", d.Alert.Kind, "channel", d.Channel.Name)
	return true, a.Store.Delivered(ctx, d)
}

// nextTry waits twice as long after each try, from 15 seconds to an hour; zero after the last.
func nextTry(tries int, now time.Time) time.Time {
	if tries >= alertTries {
		return time.Time{}
	}
	return now.Add(min(time.Hour, 15*time.Second<<min(tries-1, 10)))
}

// lastWords are the end of a run's log, or of what its process said where it logged nothing.
func (a *Alerter) lastWords(ctx context.Context, of ablation.Alert, lang string) ([]string, error) {
	if of.RunID == "" {
		return nil, nil
	}
	lines, err := a.Store.Logs(ctx, of.RunID, alertLines)
	if err != nil {
		return nil, fmt.Errorf("read the run's log: %w", err)
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.Text.In(lang)
	}
	if len(out) > 0 {
		return out, nil
	}
	return tailOf(filepath.Join(spec.AttemptDir(spec.RunDir(a.Data, of.RunID), of.Detail.Attempt), spec.StderrFile)), nil
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
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(data), "")), "\n")
	return lines[max(0, len(lines)-alertLines):]
}
