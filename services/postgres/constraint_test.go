package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// TestConstraints breaks, by hand, every rule that must always hold, and looks for the constraint that keeps it.
func TestConstraints(t *testing.T) {
	url := pgtest.URL(t)
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	w := &world{TB: t, Store: store, holder: ablation.Holder{Host: "host", BootID: "boot"}}
	w.must(w.PutSource(t.Context(), source("web-ja", "aaaaaaaa")))
	w.must(w.PutTask(t.Context(), task("next-ja", "aaaaaaaa")))
	w.sweep("rules", 3, 10) // one held, one queued, one queued
	s := w.training()
	s.send(s.begin(nil, losses(0, 1, 2)...))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())

	for _, row := range []struct{ constraint, sql string }{
		{"sources_version_once", `INSERT INTO sources (name, version, lang, role, manifest_sha256, dir, bytes, documents, heldout_bytes,
			heldout_documents, rejected, origin)
			SELECT name, version, lang, role, 'other', dir, 1, 1, 1, 1, rejected, origin FROM sources`},
		{"sources_name_wellformed", `UPDATE sources SET name = 'a/b'`},
		{"sources_role_known", `UPDATE sources SET role = 'toy'`},
		{"sources_sizes_not_negative", `UPDATE sources SET heldout_bytes = -1`},
		{"tasks_chance_is_a_fraction", `UPDATE tasks SET chance = 25`},
		{"tasks_name_wellformed", `UPDATE tasks SET name = ''`},
		{"tasks_have_items", `UPDATE tasks SET items = 0`},
		{"sweeps_name_once", `INSERT INTO sweeps (name, definition, seed, document, state, runs_at_once) VALUES ('rules', '{}', 1, '', 'running', 0)`},
		{"sweeps_name_wellformed", `UPDATE sweeps SET name = '..'`},
		{"sweeps_state_known", `UPDATE sweeps SET state = 'draft'`},
		{"sweeps_finished_iff_ended", `UPDATE sweeps SET finished_at = now()`},
		{"sweeps_finished_iff_ended", `UPDATE sweeps SET state = 'completed'`},
		{"sweeps_runs_at_once_not_negative", `UPDATE sweeps SET runs_at_once = -1`},
		{"arms_name_once", `INSERT INTO arms (sweep_id, position, name, definition) SELECT sweep_id, 7, name, definition FROM arms`},
		{"arms_position_once", `INSERT INTO arms (sweep_id, position, name, definition) SELECT sweep_id, position, 'other', definition FROM arms`},
		{"runs_arm_of_own_sweep", `WITH other AS (
				INSERT INTO sweeps (name, definition, seed, document, state, runs_at_once) VALUES ('other', '{}', 1, '', 'running', 0) RETURNING id
			) UPDATE runs SET sweep_id = other.id FROM other`},
		{"runs_epoch_not_negative", `UPDATE runs SET epoch = -1`},
		{"runs_replicate_once", `UPDATE runs SET replicate = 1`},
		{"runs_name_once", `UPDATE runs SET name = 'one'`},
		{"runs_state_known", `UPDATE runs SET state = 'lost' WHERE lease_until IS NULL`},
		{"runs_lease_iff_held", `UPDATE runs SET lease_until = NULL`},
		{"runs_lease_iff_held", `UPDATE runs SET holder_pid = NULL`},
		{"runs_held_only_while_active", `UPDATE runs SET state = 'queued'`},
		{"runs_sealed_only_when_ended", `UPDATE runs SET sealed = true`},
		{"runs_finished_iff_ended", `UPDATE runs SET state = 'failed' WHERE state = 'queued'`},
		{"runs_finished_iff_ended", `UPDATE runs SET finished_at = now()`},
		{"runs_reason_iff_stopped", `UPDATE runs SET state = 'stopping' WHERE state = 'running'`},
		{"runs_reason_iff_stopped", `UPDATE runs SET reason = 'person'`},
		{"runs_reason_known", `UPDATE runs SET state = 'stopping', reason = 'whim'`},
		{"runs_steps_positive", `UPDATE runs SET steps = 0, step = 0`},
		{"runs_step_within", `UPDATE runs SET step = 11`},
		{"runs_completed_whole", `UPDATE runs SET state = 'completed', finished_at = now() WHERE state = 'queued'`},
		{"runs_start_whole", `UPDATE runs SET start_step = 1`},
		{"runs_start_within", `UPDATE runs r SET start_step = 10, start_run = (SELECT id FROM runs o WHERE o.id <> r.id LIMIT 1)`},
		{"runs_start_from_another", `UPDATE runs SET start_step = 1, start_run = id`},
		{"runs_start_take_known", `UPDATE runs SET start_take = 'half'`},
		{"runs_start_state_of_a_run", `UPDATE runs SET start_sha256 = 'x'`},
		{"runs_start_run_fkey", `UPDATE runs SET start_step = 1, start_run = 'nobody'`},
		{"attempts_one_open", `INSERT INTO attempts (run_id, number, host, engine, spec_sha256) SELECT run_id, 2, host, engine, spec_sha256 FROM attempts`},
		{"attempts_count_from_one", `INSERT INTO attempts (run_id, number, host, engine, spec_sha256) SELECT id, 0, '', '', '' FROM runs WHERE state = 'queued'`},
		{"attempts_outcome_iff_ended", `UPDATE attempts SET ended_at = now()`},
		{"attempts_outcome_iff_ended", `UPDATE attempts SET outcome = 'lost'`},
		{"attempts_outcome_known", `UPDATE attempts SET outcome = 'fine', ended_at = now()`},
		{"attempts_cursor_not_negative", `UPDATE attempts SET read_offset = -1`},
		{"segments_once", `INSERT INTO segments SELECT run_id, 1, attempt, number, resumed_from, counts_to, trainer, device, isa, threads, started_at FROM segments`},
		{"segments_resume_at_a_step", `UPDATE segments SET resumed_from = -1`},
		{"segments_count_to_a_step", `UPDATE segments SET counts_to = -2`},
		{"segments_on_devices", `UPDATE segments SET devices = 0`},
		{"segments_on_devices", `UPDATE segments SET peak_flops = 'NaN'`},
		{"series_once", `INSERT INTO series (run_id, name) SELECT run_id, name FROM series`},
		{"checkpoints_at_a_step", `INSERT INTO checkpoints SELECT run_id, ordinal, attempt, -1, '', 0, '' FROM segments`},
		{"points_at_a_step", `INSERT INTO points VALUES (1, 0, -1, 0)`},
		{"points_pkey", `INSERT INTO points SELECT * FROM points`},
		{"rollups_level_known", `UPDATE rollups SET level = 7`},
		{"rollups_within_bucket", `UPDATE rollups SET last_step = 4096`},
		{"chunks_pair_up", `INSERT INTO chunks VALUES (1, 0, 0, 1, '{0,1}', '{1}')`},
		{"shares_views_not_negative", `INSERT INTO shares (secret_hash, hint, sweep, question, kind, chart, csv, fingerprints, version, expires_at, views)
			VALUES (sha256('x'), '', '', '', '', '', '', '{}', '', now(), -1)`},
		{"shares_secret_is_a_digest", `INSERT INTO shares (secret_hash, hint, sweep, question, kind, chart, csv, fingerprints, version, expires_at)
			VALUES ('short', '', '', '', '', '', '', '{}', '', now())`},
	} {
		_, err := conn.Exec(t.Context(), row.sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.ConstraintName != row.constraint {
			t.Errorf("%s: got %v\n%s", row.constraint, err, row.sql)
		}
	}
}
