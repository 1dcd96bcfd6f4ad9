package postgres_test

import (
	"bytes"
	"database/sql"
	"maps"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of goose
	"github.com/pressly/goose/v3"

	"github.com/haigo-lab/haigo/migrations"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// rowsSince are rows that a database of a version could hold and none before it could: a version that makes a table has some.
var rowsSince = map[int64][]string{
	1: {
		`INSERT INTO sources (name, version, lang, role, manifest_sha256, dir, bytes, documents, heldout_bytes, heldout_documents, rejected, origin)
			VALUES ('ja', '1234', 'ja', 'train', '12345678', '/old/sources/ja/1234', 1000, 10, 100, 1, '{"empty": 1}', '[]')`,
		`INSERT INTO tasks (name, version, lang, kind, items, chance, source, sha256, path) VALUES ('cloze', '1', 'ja', 'choice', 3, 0.25, 'ja', 'ab', '/old/tasks/cloze')`,
	},
	2: {
		`INSERT INTO sweeps (name, definition, seed, document, state, runs_at_once) VALUES ('old', '{"name": "old"}', 7, 'name: old', 'paused', 0)`,
		`INSERT INTO sweep_sources SELECT s.id, 0, o.id FROM sweeps s, sources o`,
		`INSERT INTO sweep_tasks SELECT s.id, 0, o.id FROM sweeps s, tasks o`,
		`INSERT INTO arms (sweep_id, position, name, definition) SELECT id, 0, 'a', '{"name": "a"}' FROM sweeps`,
	},
	3: {
		`INSERT INTO runs (id, sweep_id, arm_id, replicate, position, name, data_seed, mix_seed, init_seed, steps, tokens_per_step, state, message, finished_at, step, loss, sealed, attempt)
			SELECT 'r', s.id, a.id, 1, 0, 'a-s1', 1, 2, 3, 100, 8, 'failed', 'out of memory', now(), 90, 'NaN', true, 1 FROM sweeps s, arms a`,
		`INSERT INTO runs (id, sweep_id, arm_id, replicate, position, name, data_seed, mix_seed, init_seed, steps, tokens_per_step)
			SELECT 'q', s.id, a.id, 2, 1, 'a-s2', 1, 2, -3, 100, 8 FROM sweeps s, arms a`,
		`INSERT INTO attempts (run_id, number, host, engine, handle, spec_sha256, read_offset, read_seq, ended_at, outcome, reason)
			VALUES ('r', 1, 'node', 'local', '{"job": "7"}', 'cd', 900, 9, now(), 'failed', 'out of memory')`,
		`INSERT INTO logs VALUES ('r', 1, 3, now(), 'error', E'out\tof \\\\ memory')`,
		`INSERT INTO run_plans VALUES ('r', '{"steps": 100}')`,
	},
	4: {
		`INSERT INTO segments (run_id, ordinal, attempt, number, trainer, device, isa, threads, started_at) VALUES ('r', 0, 1, 0, 'cpu 1', 'x', 'avx2', 2, now())`,
		`INSERT INTO checkpoints VALUES ('r', 0, 1, 50, '/old/runs/r/checkpoints/step-50', 1000, 'ef')`,
		`INSERT INTO series (run_id, name) VALUES ('r', 'loss')`,
		`INSERT INTO points SELECT id, 0, 90, 'Infinity' FROM series`,
		`INSERT INTO rollups SELECT id, 0, 6, 64, 1, 0, 1, 0, 65, 1.5, 65, 1.5, 65, 1.5, 65, 1.5, 2.25 FROM series`,
		`INSERT INTO chunks SELECT id, 0, 1, 2, '{1, 2}', '{5.5, NaN}' FROM series`,
	},
	5: {
		`INSERT INTO shares (secret_hash, hint, sweep, question, kind, chart, csv, fingerprints, version, expires_at)
			VALUES (sha256('x'), 'abc', 'old', 'どちらか', 'curves', '{"a": 1}', 'a,b', '{}', '1', '2030-01-01T00:00:00Z')`,
	},
	8: {
		`INSERT INTO item_scores VALUES ('r', 'cloze', 90, '{i}', '{1.5}', '{4}', '{1}', '{NaN}', '{NaN}', '{NaN}')`,
		`INSERT INTO reference_results (model, task, metric, shots, value, items, file) VALUES ('m', 'cloze', 'acc', 0, 0.5, 3, 'm.json')`,
	},
	9: {
		`INSERT INTO runs (id, sweep_id, arm_id, replicate, position, name, data_seed, mix_seed, init_seed, steps, tokens_per_step, start_run, start_step)
			SELECT 'branch', s.id, a.id, 3, 2, 'a-s3', 1, 2, 3, 100, 8, 'r', 50 FROM sweeps s, arms a`,
	},
	10: {
		`INSERT INTO recurrences (name, question, definition, budget, document, next_at) VALUES ('nightly', '', '{"cron": "0 22 * * *", "zone": "Asia/Tokyo"}', '{}', 'name: nightly', '2030-01-01T00:00:00Z')`,
		`INSERT INTO firings (recurrence_id, planned_at, decided_at, state, sweep_id) SELECT r.id, '2026-01-01T00:00:00Z', now(), 'fired', s.id FROM recurrences r, sweeps s`,
		`INSERT INTO firings (recurrence_id, planned_at, decided_at, state, reason) SELECT id, '2026-01-02T00:00:00Z', now(), 'skipped', 'paused' FROM recurrences`,
	},
	11: {`INSERT INTO spikes (run_id, round, kind, step, level, peak, closed, rows, action, back_to) VALUES ('r', 0, 'away', 60, 1, 3, true, '{"ja": [1, 2]}', 'rolled_back', 50)`},
	13: {
		`INSERT INTO channels (name, kind, sealed, hint, lang, kinds, quiet) VALUES ('us', 'webhook', '\x00ff', 'https://…', 'ja', '{run_failed}', '{"from": "22:00", "to": "07:00", "zone": "Asia/Tokyo"}')`,
		`INSERT INTO alerts (key, kind, sweep, run_id, detail) VALUES ('run_failed r', 'run_failed', 'old', 'r', '{"step": 90}')`,
		`INSERT INTO deliveries (alert_id, channel_id, tries, trouble) SELECT a.id, c.id, 2, 'no route' FROM alerts a, channels c`,
	},
	15: {`INSERT INTO additions (name, lang, licence, path, text_column, state, version, ended_at) VALUES ('ja', 'ja', 'CC0', '/texts', '', 'added', '1234', now())`},
	21: {`INSERT INTO judgements (run_id, rung, stopped) VALUES ('r', 1, true)`},
	22: {`INSERT INTO rounds (sweep_id, number, kind, round) SELECT id, 1, 'start', '{}' FROM sweeps`},
	32: {`INSERT INTO deleted_runs VALUES ('gone', '2026-01-01T00:00:00Z')`},
	33: {`INSERT INTO pack_slots SELECT id, '', 4 FROM sweeps`},
}

// A dump of any earlier version becomes the same database that the migrations make of what was dumped, and can be read.
func TestDump_Earlier(t *testing.T) {
	t.Parallel()
	old, up := aging(t)
	var dumps []written
	for version := int64(1); up(version); version++ {
		if now, newest, err := old.Schema(t.Context()); err != nil || now != version || newest < now {
			t.Fatalf("at version %d it says %d of %d, %v", version, now, newest, err)
		}
		dumps = append(dumps, writeDown(t, old))
		for _, table := range dumps[version-1].Tables {
			if table.Rows == 0 {
				t.Errorf("table %s of version %d is empty: give rowsSince a row of it", table.Name, version)
			}
		}
	}
	newest := dumps[len(dumps)-1]
	for name, text := range newest.texts() {
		newest.tables[name] = bytes.NewBufferString(strings.ReplaceAll(text, "/old/", "/new/"))
	}
	url := pgtest.URL(t)
	for _, dump := range dumps {
		empty := emptied(t, url)
		if _, err := empty.Load(t.Context(), dump.Dump, postgres.Moved{From: "/old", To: "/new"}, dump.open, noFiles); err != nil {
			t.Fatalf("version %d: %v", dump.Migration, err)
		}
		becameSame(t, dump, writeDown(t, empty), newest)
		if _, err := empty.Sources(t.Context()); err != nil {
			t.Errorf("version %d: %v", dump.Migration, err)
		}
		empty.Close()
	}
}

// emptied is a database without a table.
func emptied(t *testing.T, url string) *postgres.Store {
	t.Helper()
	exec(t, url, `DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`)
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// aging is a database without a table, and what brings it to a version with rows of that: false where there is none.
func aging(t *testing.T) (*postgres.Store, func(version int64) bool) {
	t.Helper()
	url := pgtest.URL(t)
	store := emptied(t, url)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	return store, func(version int64) bool {
		if version > int64(len(provider.ListSources())) {
			return false
		}
		if _, err := provider.UpTo(t.Context(), version); err != nil {
			t.Fatal(err)
		}
		exec(t, url, rowsSince[version]...)
		return true
	}
}

// becameSame compares what became of a dump with what became of the database that it is of.
func becameSame(t *testing.T, dump, loaded, newest written) {
	t.Helper()
	rows, numbers := map[string]int64{}, map[string]map[string]int64{}
	for _, table := range dump.Tables {
		rows[table.Name], numbers[table.Name] = table.Rows, table.Numbers
	}
	for _, table := range loaded.Tables {
		if table.Rows != rows[table.Name] {
			t.Errorf("version %d: %d rows in table %s, %d were dumped", dump.Migration, table.Rows, table.Name, rows[table.Name])
		}
		if was, dumped := numbers[table.Name]; dumped && !maps.Equal(was, table.Numbers) {
			t.Errorf("version %d: table %s numbers on from %v, want %v", dump.Migration, table.Name, table.Numbers, was)
		}
		there := map[string]bool{}
		for line := range strings.Lines(newest.tables[table.Name].String()) {
			there[line] = true
		}
		for line := range strings.Lines(loaded.tables[table.Name].String()) {
			if !there[line] {
				t.Errorf("version %d: table %s has the row\n%swhich isn't among\n%s", dump.Migration, table.Name, line, newest.tables[table.Name])
			}
		}
	}
}
