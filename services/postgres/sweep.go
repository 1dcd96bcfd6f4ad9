package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Application is a sweep ready to start: the document's content with everything resolved, and what it expands to.
type Application struct {
	Sweep   ablation.Sweep // with Seed set
	Sources []ablation.Source
	Tasks   []ablation.Task
	Arms    []ablation.Arm
	Runs    []ablation.Run
}

// ApplySweep starts a sweep, or lets the sweep of this name grow by the arms and runs that it lacks. Applying the same
// content again changes nothing; which changes are allowed is for ablation to say beforehand. What comes back is what this
// call did, without the time that it takes.
func (s *Store) ApplySweep(ctx context.Context, a Application) (out ablation.Applied, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) (err error) {
		_, out, err = apply(ctx, tx, a)
		return err
	})
	if err != nil {
		return ablation.Applied{}, fmt.Errorf("apply sweep %s: %w", a.Sweep.Name, err)
	}
	return out, nil
}

func apply(ctx context.Context, tx pgx.Tx, a Application) (id int64, out ablation.Applied, err error) {
	if id, out.Created, err = putSweep(ctx, tx, a.Sweep); err != nil {
		return 0, out, err
	}
	if out.Created {
		if err := putSweepText(ctx, tx, id, a); err != nil {
			return 0, out, err
		}
	}
	for _, r := range a.Sweep.Rounds {
		if _, err := putRound(ctx, tx, id, r); err != nil {
			return 0, out, err
		}
	}
	if err := putArms(ctx, tx, id, a.Arms); err != nil {
		return 0, out, err
	}
	if err := awaitParents(ctx, tx, a.Sweep.Parents); err != nil {
		return 0, out, err
	}
	added, err := putRuns(ctx, tx, id, a)
	if err != nil {
		return 0, out, err
	}
	out.Added = ablation.SeedsByArm(added)
	return id, out, tell(ctx, tx, ablation.Event{Sweep: a.Sweep.Name})
}

// putSweep locks the sweep's row, so that two applications of one name go one after the other.
func putSweep(ctx context.Context, tx pgx.Tx, w ablation.Sweep) (id int64, fresh bool, err error) {
	w.Rounds = nil // they are rows of their own
	definition, err := json.Marshal(w)
	if err != nil {
		return 0, false, fmt.Errorf("write the definition: %w", err)
	}
	var seed uint64
	if w.Seed != nil {
		seed = *w.Seed
	}
	keep, err := json.Marshal(w.Keep)
	if err != nil {
		return 0, false, fmt.Errorf("write for how long to keep: %w", err)
	}
	var stored int64
	err = tx.QueryRow(ctx, `
		INSERT INTO sweeps (name, definition, seed, document, state, runs_at_once, keep)
		VALUES (@name, @definition, @seed, @document, 'running', @at_once, @keep)
		ON CONFLICT ON CONSTRAINT sweeps_name_once
		DO UPDATE SET definition = EXCLUDED.definition, document = EXCLUDED.document, runs_at_once = EXCLUDED.runs_at_once, keep = EXCLUDED.keep
		RETURNING id, seed, xmax = 0`,
		pgx.NamedArgs{
			"name": w.Name, "definition": definition, "seed": int64(seed), "document": w.Document, "at_once": w.Budget.RunsAtOnce, "keep": keep,
		}).Scan(&id, &stored, &fresh)
	if err == nil && uint64(stored) != seed {
		err = ablation.Conflict("sweep %s was started by somebody else at the same moment; start it again to join it",
			"スイープ %s は、同時にほかの人が開始しました。もう一度開始すると、そのスイープに加わります", w.Name)
	}
	return id, fresh, err
}

func putSweepText(ctx context.Context, tx pgx.Tx, id int64, a Application) error {
	for i, v := range a.Sources {
		tag, err := tx.Exec(ctx, `
			INSERT INTO sweep_sources (sweep_id, position, source_id)
			SELECT $1, $2, id
			FROM sources
			WHERE name = $3
				AND version = $4`, id, i, v.Name, v.Version)
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("source %s version %s: %w", v.Name, v.Version, ablation.ErrNotFound)
		}
		if err != nil {
			return err
		}
	}
	for i, t := range a.Tasks {
		tag, err := tx.Exec(ctx, `
			INSERT INTO sweep_tasks (sweep_id, position, task_id)
			SELECT $1, $2, id
			FROM tasks
			WHERE name = $3
				AND version = $4`, id, i, t.Name, t.Version)
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("task %s version %s: %w", t.Name, t.Version, ablation.ErrNotFound)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putArms adds the arms that are new, after those that are there: growing a sweep moves no mark and no colour.
func putArms(ctx context.Context, tx pgx.Tx, sweep int64, arms []ablation.Arm) error {
	for _, arm := range arms {
		definition, err := json.Marshal(arm)
		if err != nil {
			return fmt.Errorf("write arm %s: %w", arm.Name, err)
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO arms (sweep_id, position, name, definition)
			SELECT $1, coalesce(max(position) + 1, 0), $2, $3
			FROM arms
			WHERE sweep_id = $1
			ON CONFLICT ON CONSTRAINT arms_name_once
			DO UPDATE SET definition = EXCLUDED.definition`, sweep, arm.Name, definition); err != nil {
			return err
		}
	}
	return nil
}

// putRuns adds the runs that aren't there, and returns them.
func putRuns(ctx context.Context, tx pgx.Tx, sweep int64, a Application) (added []ablation.Run, err error) {
	batch := &pgx.Batch{}
	for i, r := range a.Runs {
		start := cmp.Or(r.Start, &ablation.Start{})
		batch.Queue(`
			INSERT INTO runs (id, sweep_id, arm_id, replicate, position, name, data_seed, mix_seed, init_seed, steps, tokens_per_step,
				start_run, start_step, start_take, start_sha256)
			SELECT @id, @sweep, id, @replicate, @position, @name, @data, @mix, @init, @steps, @per_step, nullif(@start_run, ''),
				nullif(@start_step, 0), @start_take, nullif(@start_sha256, '')
			FROM arms
			WHERE sweep_id = @sweep
				AND name = @arm
			ON CONFLICT (id) DO NOTHING`,
			pgx.NamedArgs{
				"id": r.ID, "sweep": sweep, "arm": r.Arm, "replicate": r.Replicate, "position": i, "name": r.Name,
				"data": int64(r.DataSeed), "mix": int64(r.MixSeed), "init": int64(r.InitSeed), "steps": r.Steps,
				"per_step": a.Sweep.Recipe.TokensPerStep(), "start_run": start.Run, "start_step": start.Step,
				"start_take": cmp.Or(start.Take, ablation.TakeState), "start_sha256": start.SHA256,
			}).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() > 0 {
				added = append(added, r)
			}
			return nil
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	// A sweep that grows after its end goes on, past the hour at which a firing's runs leave; so does one that a person
	// stopped and then gave new runs, and one that is to plan itself from now on.
	_, err = tx.Exec(ctx, `
		UPDATE sweeps w
		SET state = 'running', finished_at = NULL, closes_at = NULL, archived_at = NULL
		WHERE id = $1
			AND state IN ('completed', 'stopped')
			AND (
				EXISTS (SELECT FROM runs WHERE sweep_id = $1 AND state = 'queued')
				OR state = 'completed' AND `+planning+`
			)`, sweep)
	return added, err
}

const sweepColumns = `w.id, w.definition, w.seed, w.document, w.state, w.paused_by, w.created_at, c.queued, c.running, c.completed, c.stopped,
			c.diverged, c.failed, w.keep, w.archived_at, ` + sweepRounds

const sweepTables = `sweeps w
		CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
				count(*) FILTER (WHERE state IN ('running', 'stopping')) AS running,
				count(*) FILTER (WHERE state = 'completed') AS completed,
				count(*) FILTER (WHERE state = 'stopped') AS stopped,
				count(*) FILTER (WHERE state = 'diverged') AS diverged,
				count(*) FILTER (WHERE state = 'failed') AS failed
			FROM runs
			WHERE sweep_id = w.id
		) c`

// Sweeps are the newest sweeps below the id before (0: from the newest on), at most limit.
func (s *Store) Sweeps(ctx context.Context, limit int, before int64) ([]ablation.Sweep, error) {
	return query(ctx, s.pool, scanSweep, `
		SELECT `+sweepColumns+`
		FROM `+sweepTables+`
		WHERE $2::bigint = 0 OR w.id < $2
		ORDER BY w.id DESC
		LIMIT $1`, limit, before)
}

// Sweep is the sweep of this name.
func (s *Store) Sweep(ctx context.Context, name string) (ablation.Sweep, error) {
	w, err := one(ctx, s.pool, scanSweep, `
		SELECT `+sweepColumns+`
		FROM `+sweepTables+`
		WHERE w.name = $1`, name)
	if err != nil {
		return w, fmt.Errorf("sweep %s: %w", name, err)
	}
	return w, nil
}

func scanSweep(row pgx.CollectableRow) (ablation.Sweep, error) {
	var w ablation.Sweep
	var definition, rounds []byte
	var id, seed int64
	var counts ablation.RunCounts
	var state ablation.SweepState
	var document, pausedBy string
	var keep ablation.Keep
	var archived *time.Time
	created := w.CreatedAt
	err := row.Scan(&id, &definition, &seed, &document, &state, &pausedBy, &created, &counts.Queued, &counts.Running, &counts.Completed,
		&counts.Stopped, &counts.Diverged, &counts.Failed, &keep, &archived, &rounds)
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(definition, &w); err != nil {
		return w, fmt.Errorf("read the definition: %w", err)
	}
	if err := json.Unmarshal(rounds, &w.Rounds); err != nil {
		return w, fmt.Errorf("read the rounds: %w", err)
	}
	if len(w.Rounds) == 0 {
		w.Rounds = nil
	}
	bits := uint64(seed)
	w.ID, w.Seed, w.Document, w.State, w.PausedBy, w.CreatedAt, w.Counts = id, &bits, document, state, pausedBy, created, counts
	w.Keep, w.ArchivedAt = keep, archived
	return w, nil
}

// Arms are a sweep's arms in order; their Index is their place.
func (s *Store) Arms(ctx context.Context, sweep string) ([]ablation.Arm, error) {
	return query(ctx, s.pool, scanArm, `
		SELECT a.position, a.definition
		FROM arms a
		JOIN sweeps w ON w.id = a.sweep_id
		WHERE w.name = $1
		ORDER BY a.position`, sweep)
}

func scanArm(row pgx.CollectableRow) (ablation.Arm, error) {
	var arm ablation.Arm
	var definition []byte
	var position int
	if err := row.Scan(&position, &definition); err != nil {
		return arm, err
	}
	err := json.Unmarshal(definition, &arm)
	arm.Index = position
	return arm, err
}

// SweepSources are the source versions that a sweep recorded at its start, in its order.
func (s *Store) SweepSources(ctx context.Context, sweep string) ([]ablation.Source, error) {
	return query(ctx, s.pool, scanSource, `
		SELECT v.name, v.version, v.lang, v.role, v.manifest_sha256, v.dir, v.bytes, v.documents, v.heldout_bytes,
			v.heldout_documents, v.rejected, v.origin, v.created_at
		FROM sweep_sources p
		JOIN sources v ON v.id = p.source_id
		JOIN sweeps w ON w.id = p.sweep_id
		WHERE w.name = $1
		ORDER BY p.position`, sweep)
}

// SweepTasks are the task versions that a sweep recorded at its start, in its order.
func (s *Store) SweepTasks(ctx context.Context, sweep string) ([]ablation.Task, error) {
	return query(ctx, s.pool, scanTask, `
		SELECT t.name, t.version, t.lang, t.kind, t.norm, t.items, t.chance, t.majority, t.source, t.source_sha256, t.sha256,
			t.path, t.created_at
		FROM sweep_tasks p
		JOIN tasks t ON t.id = p.task_id
		JOIN sweeps w ON w.id = p.sweep_id
		WHERE w.name = $1
		ORDER BY p.position`, sweep)
}

// PauseSweep lets a running sweep claim nothing new; its running runs go on.
func (s *Store) PauseSweep(ctx context.Context, name string) error {
	return s.moveSweep(ctx, name, ablation.SweepPaused, ablation.SweepRunning)
}

// ResumeSweep lets a paused sweep claim again.
func (s *Store) ResumeSweep(ctx context.Context, name string) error {
	return s.moveSweep(ctx, name, ablation.SweepRunning, ablation.SweepPaused)
}

// moveSweep changes a sweep's state where it is from, or already to.
func (s *Store) moveSweep(ctx context.Context, name string, to, from ablation.SweepState) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		state, err := lockSweep(ctx, tx, name)
		if err != nil {
			return err
		}
		if state == to {
			return nil
		}
		if state != from {
			return ablation.Conflict("sweep %s has ended: nothing is left to pause or resume; to go on, retry a run, or start its file with more arms or seeds",
				"スイープ %s は終わっていて、一時停止も再開もできません。続けるには、ランをもう一度実行するか、アームかシードを増やして開始してください", name)
		}
		if _, err := tx.Exec(ctx, `UPDATE sweeps SET state = $2, paused_by = '' WHERE name = $1`, name, to); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: name})
	})
}

func lockSweep(ctx context.Context, tx pgx.Tx, name string) (state ablation.SweepState, err error) {
	err = tx.QueryRow(ctx, `SELECT state FROM sweeps WHERE name = $1 FOR UPDATE`, name).Scan(&state)
	if err != nil {
		return "", fmt.Errorf("sweep %s: %w", name, known(err))
	}
	return state, nil
}

// StopSweep stops a sweep's queued runs at once and asks its running ones to checkpoint and leave. A sweep that has
// completed is ablation.ErrConflict; one that is stopped stays as it is.
func (s *Store) StopSweep(ctx context.Context, name string) error {
	return s.EndSweep(ctx, name, ablation.StopPerson)
}

// EndSweep is StopSweep for any reason.
func (s *Store) EndSweep(ctx context.Context, name string, reason ablation.StopReason) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		// Runs first, then the sweep: the order of a run's end.
		if _, err := tx.Exec(ctx, `
			UPDATE runs
			SET state = CASE state WHEN 'queued' THEN 'stopped' ELSE 'stopping' END,
				finished_at = CASE state WHEN 'queued' THEN now() END,
				reason = $2
			WHERE sweep_id = (SELECT id FROM sweeps WHERE name = $1)
				AND state IN ('queued', 'running')`, name, reason); err != nil {
			return err
		}
		state, err := lockSweep(ctx, tx, name)
		if err != nil || state == ablation.SweepStopped {
			return err
		}
		if state == ablation.SweepCompleted {
			return ablation.Conflict("sweep %s has completed, so there is nothing to stop", "スイープ %s は完了していて、停止するものがありません", name)
		}
		// What somebody added meanwhile stands in the queue still.
		if _, err := tx.Exec(ctx, `
			UPDATE runs
			SET state = 'stopped', finished_at = now(), reason = $2
			WHERE sweep_id = (SELECT id FROM sweeps WHERE name = $1)
				AND state = 'queued'`, name, reason); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE sweeps
			SET state = 'stopped', finished_at = now()
			WHERE name = $1`, name); err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Sweep: name})
	})
}
