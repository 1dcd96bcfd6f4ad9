package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// ClaimRequest says who wants a run, for how long at a time, and how many attempts its machine can bear.
type ClaimRequest struct {
	Holder     ablation.Holder
	Lease      time.Duration
	MaxRuns    int                        // attempts of this host that are not proved ended; those of one pack are one
	HolderGone func(ablation.Holder) bool // whether a holder on this host no longer lives; nil: none is ever known to be
}

// Claim takes hold of a run, nil when there is none to take. First come runs that are active but whose lease ran out or
// whose holder on this host is gone: they are adopted, attempt and all. Then queued runs of running sweeps, the oldest
// sweep first, while the machine and the sweep's budget have room; one that starts from another run waits for that one's
// checkpoint while it can still come. Two claims never return the same run under one epoch.
func (s *Store) Claim(ctx context.Context, q ClaimRequest) (*ablation.Claim, error) {
	var claim *ablation.Claim
	err := s.tx(ctx, func(tx pgx.Tx) error {
		id, err := orphan(ctx, tx, q)
		if err == nil && id == "" {
			id, err = nextQueued(ctx, tx, q)
		}
		if err != nil || id == "" {
			claim = nil
			return err
		}
		claim, err = take(ctx, tx, id, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim a run: %w", err)
	}
	return claim, nil
}

// orphan locks an active run that nobody holds any more. An attempt of another host is left to that host until the run
// was out of sight for 45 seconds, longer than a lease: a worker there may come back, and sees its lock.
func orphan(ctx context.Context, tx pgx.Tx, q ClaimRequest) (string, error) {
	type held struct {
		id     string
		epoch  int64
		holder *ablation.Holder
		out    bool
	}
	runs, err := query(ctx, tx, func(row pgx.CollectableRow) (h held, err error) {
		var host, boot *string
		var pid *int
		var start *int64
		err = row.Scan(&h.id, &h.epoch, &host, &boot, &pid, &start, &h.out)
		if err == nil && host != nil {
			h.holder = &ablation.Holder{Host: *host, BootID: *boot, PID: *pid, StartTime: *start}
		}
		return h, err
	}, `
		SELECT r.id, r.epoch, r.holder_host, r.holder_boot_id, r.holder_pid, r.holder_start, coalesce(r.lease_until < now(), true)
		FROM runs r
		LEFT JOIN attempts t ON t.run_id = r.id AND t.ended_at IS NULL
		WHERE r.state IN ('running', 'stopping')
			AND (r.lease_until IS NULL OR r.lease_until < now() OR r.holder_host = $1)
			AND (t.host IS NULL OR t.host = $1 OR r.seen_at < now() - interval '45 seconds')
		ORDER BY r.sweep_id, r.position`, q.Holder.Host)
	if err != nil {
		return "", err
	}
	for _, h := range runs {
		if !h.out && (*h.holder == q.Holder || q.HolderGone == nil || !q.HolderGone(*h.holder)) {
			continue
		}
		locked, err := query(ctx, tx, pgx.RowTo[string], `
			SELECT id
			FROM runs
			WHERE id = $1
				AND epoch = $2
				AND state IN ('running', 'stopping')
				AND (lease_until IS NULL OR lease_until < now() OR NOT $3)
			FOR UPDATE SKIP LOCKED`, h.id, h.epoch, h.out)
		if err != nil || len(locked) > 0 {
			return h.id, err
		}
	}
	return "", nil
}

// oneByOne makes claims of queued runs go one after the other, so that two never take the same last place.
func oneByOne(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('haigo claims', 0))`)
	return err
}

// sweepHasRoom holds where sweep w may start one more run.
const sweepHasRoom = `w.state = 'running'
			AND coalesce(w.held_until < now(), true)
			AND (
				w.runs_at_once = 0
				OR w.runs_at_once > (SELECT count(*) FROM runs WHERE sweep_id = w.id AND state IN ('running', 'stopping'))
			)`

// nextQueued locks the first queued run that sweep, budget and machine have room for.
func nextQueued(ctx context.Context, tx pgx.Tx, q ClaimRequest) (string, error) {
	if err := oneByOne(ctx, tx); err != nil {
		return "", err
	}
	ids, err := query(ctx, tx, pgx.RowTo[string], `
		SELECT r.id
		FROM sweeps w
		CROSS JOIN LATERAL (
			SELECT r.id
			FROM runs r
			WHERE r.sweep_id = w.id
				AND r.state = 'queued'
				AND `+ready+`
			ORDER BY r.replicate, r.position
			LIMIT 1
			FOR UPDATE SKIP LOCKED
		) r
		WHERE `+sweepHasRoom+`
			AND $2 > (
				SELECT count(DISTINCT `+placeOf+`)
				FROM runs b
				LEFT JOIN attempts t ON t.run_id = b.id AND t.ended_at IS NULL
				WHERE b.state IN ('running', 'stopping')
					AND (b.holder_host = $1 OR t.host = $1)
			)
		ORDER BY w.id
		LIMIT 1`, q.Holder.Host, q.MaxRuns)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// take raises the epoch and writes the lease.
func take(ctx context.Context, tx pgx.Tx, id string, q ClaimRequest) (*ablation.Claim, error) {
	c := ablation.Claim{Lease: q.Lease}
	err := tx.QueryRow(ctx, `
		UPDATE runs
		SET state = CASE state WHEN 'queued' THEN 'running' ELSE state END,
			epoch = epoch + 1,
			holder_host = @host,
			holder_boot_id = @boot,
			holder_pid = @pid,
			holder_start = @start,
			lease_until = now() + @lease,
			seen_at = now(),
			started_at = coalesce(started_at, now())
		WHERE id = @id
		RETURNING epoch, lease_until`,
		pgx.NamedArgs{
			"id": id, "host": q.Holder.Host, "boot": q.Holder.BootID, "pid": q.Holder.PID, "start": q.Holder.StartTime,
			"lease": q.Lease,
		}).Scan(&c.Epoch, &c.ExpiresAt)
	if err != nil {
		return nil, err
	}
	if c.Run, err = one(ctx, tx, scanRun, `SELECT `+runColumns+` FROM `+runTables+` WHERE r.id = $1`, id); err != nil {
		return nil, err
	}
	open, err := query(ctx, tx, scanAttempt, `SELECT `+attemptColumns+` FROM attempts WHERE run_id = $1 AND ended_at IS NULL`, id)
	if err != nil {
		return nil, err
	}
	if len(open) > 0 {
		c.Attempt = &open[0]
	}
	return &c, tell(ctx, tx, ablation.Event{Sweep: c.Run.Sweep, RunID: id})
}

// own locks the run of a claim, for a write. A claim that is no longer its holder's is ErrLost.
func own(ctx context.Context, tx pgx.Tx, c ablation.Claim) (lockedRun, error) {
	run, err := lockRun(ctx, tx, c.Run.ID)
	if err != nil {
		return run, err
	}
	if run.epoch != c.Epoch {
		return run, ErrLost
	}
	return run, nil
}

// extend moves the lease of an owned run; unheld takes it away.
const (
	extend = `lease_until = now() + @lease, seen_at = now()`
	unheld = `holder_host = NULL, holder_boot_id = NULL, holder_pid = NULL, holder_start = NULL, lease_until = NULL`
)

// Renew extends the claim and returns the state that the run is in now. alive says that the engine has just seen the process.
func (s *Store) Renew(ctx context.Context, c ablation.Claim, alive bool) (state ablation.RunState, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		run, err := own(ctx, tx, c)
		if err != nil {
			return err
		}
		state = run.state
		_, err = tx.Exec(ctx, `UPDATE runs SET `+extend+`, process_at = CASE WHEN @alive THEN now() ELSE process_at END WHERE id = @id`,
			pgx.NamedArgs{"id": c.Run.ID, "lease": c.Lease, "alive": alive})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("renew the claim of run %s: %w", c.Run.ID, err)
	}
	return state, nil
}

// Release gives the claim back: it writes nothing more. The run stays active and the next claim on this host adopts it
// at once; one without an attempt that isn't proved ended is queued again.
func (s *Store) Release(ctx context.Context, c ablation.Claim) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		run, err := own(ctx, tx, c)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE runs
			SET `+unheld+`,
				epoch = epoch + 1,
				state = CASE WHEN state = 'running' AND NOT EXISTS (
					SELECT FROM attempts WHERE run_id = $1 AND ended_at IS NULL
				) THEN 'queued' ELSE state END
			WHERE id = $1`, c.Run.ID); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: run.sweep, RunID: c.Run.ID})
	})
	if err != nil {
		return fmt.Errorf("release run %s: %w", c.Run.ID, err)
	}
	return nil
}
