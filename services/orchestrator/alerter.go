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
}

// Run looks until ctx ends.
func (a *Alerter) Run(ctx context.Context) error {
	tick := time.NewTicker(alertEvery)
	defer tick.Stop()
	for {
		if err := a.AlertOnce(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("Could not see to alerts, will look again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// AlertOnce raises what is to be found by looking and sends what is due.
func (a *Alerter) AlertOnce(ctx context.Context) error {
	var silence error
	if a.Silent > 0 {
		silence = a.Store.RaiseSilence(ctx, a.Silent)
	}
	due, err := a.Store.DueDeliveries(ctx, 20, alertHold)
	return errors.Join(silence, err, a.deliverAll(ctx, due))
}

// deliverAll sends through all channels side by side, so that a target that hangs holds up nobody, and through each in order.
func (a *Alerter) deliverAll(ctx context.Context, due []ablation.Delivery) error {
	channels := map[int64][]ablation.Delivery{}
	for _, d := range due {
		channels[d.Channel.ID] = append(channels[d.Channel.ID], d)
	}
	var mu sync.Mutex
	var errs []error
	var sending sync.WaitGroup
	for _, list := range channels {
		sending.Go(func() {
			err := a.deliverInOrder(ctx, list)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	sending.Wait()
	return errors.Join(errs...)
}

// deliverInOrder tries a channel that is away once: what lies behind waits for the next round.
func (a *Alerter) deliverInOrder(ctx context.Context, list []ablation.Delivery) error {
	for i, d := range list {
		arrived, err := a.deliver(ctx, d)
		if err != nil {
			return err
		}
		if !arrived {
			return a.postpone(ctx, list[i+1:], nextTry(d.Tries, time.Now()))
		}
	}
	return nil
}

func (a *Alerter) postpone(ctx context.Context, list []ablation.Delivery, until time.Time) error {
	var errs []error
	for _, d := range list {
		errs = append(errs, a.Store.Postpone(ctx, d, until))
	}
	return errors.Join(errs...)
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
