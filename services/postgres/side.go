package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Sides are arms of any sweeps with their runs, read at once: those named (SWEEP/ARM) with all of their runs, then those
// that the other runs are of, with these alone; in the order in which they are asked for. A name or an id of nothing is left
// out.
func (s *Store) Sides(ctx context.Context, arms, runs []string) ([]ablation.Side, error) {
	found, err := s.sideRuns(ctx, arms, runs)
	if err != nil {
		return nil, fmt.Errorf("runs to compare: %w", err)
	}
	r := sideReader{store: s, runs: found, sweeps: map[string]*ablation.Side{}}
	for _, read := range []func(context.Context) error{r.readSweeps, r.readArms, r.readSources, r.readTasks, r.readValues, r.readPlans, r.readSegments} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("read what to compare: %w", known(err))
		}
	}
	return r.sides(arms, runs), nil
}

func (s *Store) sideRuns(ctx context.Context, arms, runs []string) ([]ablation.Run, error) {
	return query(ctx, s.pool, scanRun, `
		WITH chosen AS (
			SELECT id
			FROM runs
			WHERE id = ANY ($2)
			UNION
			SELECT r.id
			FROM unnest($1::text[]) AS u (name)
			JOIN sweeps w ON w.name = split_part(u.name, '/', 1)
			JOIN arms a ON a.sweep_id = w.id AND a.name = split_part(u.name, '/', 2)
			JOIN runs r ON r.arm_id = a.id
		)
		SELECT `+runColumns+`
		FROM `+runTables+`
		WHERE r.id IN (SELECT id FROM chosen)
		ORDER BY w.id, a.position, r.replicate`, arms, runs)
}

// sideReader collects what sides are made of, by sweep and by run.
type sideReader struct {
	store    *Store
	runs     []ablation.Run
	sweeps   map[string]*ablation.Side // what the sides of a sweep have in common
	values   map[string][]ablation.Point
	plans    map[string]ablation.RunPlan
	segments map[string][]ablation.Segment
}

func (r *sideReader) sweepNames() []string {
	var names []string
	for _, run := range r.runs {
		if !slices.Contains(names, run.Sweep) {
			names = append(names, run.Sweep)
		}
	}
	return names
}

func (r *sideReader) runIDs() []string {
	ids := make([]string, len(r.runs))
	for i, run := range r.runs {
		ids[i] = run.ID
	}
	return ids
}

func (r *sideReader) readSweeps(ctx context.Context) error {
	sweeps, err := query(ctx, r.store.pool, scanSweep, `
		SELECT `+sweepColumns+`
		FROM `+sweepTables+`
		WHERE w.name = ANY ($1)`, r.sweepNames())
	for _, w := range sweeps {
		r.sweeps[w.Name] = &ablation.Side{Sweep: w}
	}
	return err
}

func (r *sideReader) readArms(ctx context.Context) error {
	return each(ctx, r.store.pool, scanArm, func(sweep string, arm ablation.Arm) {
		r.sweeps[sweep].Arms = append(r.sweeps[sweep].Arms, arm)
	}, `
		SELECT w.name, a.position, a.definition
		FROM arms a
		JOIN sweeps w ON w.id = a.sweep_id
		WHERE w.name = ANY ($1)
		ORDER BY a.position`, r.sweepNames())
}

func (r *sideReader) readSources(ctx context.Context) error {
	return each(ctx, r.store.pool, scanSource, func(sweep string, v ablation.Source) {
		r.sweeps[sweep].Sources = append(r.sweeps[sweep].Sources, v)
	}, `
		SELECT w.name, v.name, v.version, v.lang, v.role, v.manifest_sha256, v.dir, v.bytes, v.documents, v.heldout_bytes,
			v.heldout_documents, v.rejected, v.origin, v.created_at
		FROM sweep_sources p
		JOIN sources v ON v.id = p.source_id
		JOIN sweeps w ON w.id = p.sweep_id
		WHERE w.name = ANY ($1)
		ORDER BY p.position`, r.sweepNames())
}

func (r *sideReader) readTasks(ctx context.Context) error {
	return each(ctx, r.store.pool, scanTask, func(sweep string, t ablation.Task) {
		r.sweeps[sweep].Tasks = append(r.sweeps[sweep].Tasks, t)
	}, `
		SELECT w.name, t.name, t.version, t.lang, t.kind, t.norm, t.items, t.chance, t.majority, t.source, t.source_sha256, t.sha256,
			t.path, t.created_at
		FROM sweep_tasks p
		JOIN tasks t ON t.id = p.task_id
		JOIN sweeps w ON w.id = p.sweep_id
		WHERE w.name = ANY ($1)
		ORDER BY p.position`, r.sweepNames())
}

func (r *sideReader) readValues(ctx context.Context) (err error) {
	r.values, err = r.store.newest(ctx, "u.id = ANY($1)", r.runIDs(), nil)
	return err
}

func (r *sideReader) readPlans(ctx context.Context) error {
	r.plans = map[string]ablation.RunPlan{}
	return each(ctx, r.store.pool, scanPlan, func(run string, p ablation.RunPlan) { r.plans[run] = p }, `
		SELECT run_id, plan
		FROM run_plans
		WHERE run_id = ANY ($1)`, r.runIDs())
}

func (r *sideReader) readSegments(ctx context.Context) error {
	r.segments = map[string][]ablation.Segment{}
	return each(ctx, r.store.pool, scanSegment, func(run string, g ablation.Segment) { r.segments[run] = append(r.segments[run], g) }, `
		SELECT run_id, `+segmentColumns+`
		FROM segments
		WHERE run_id = ANY ($1)
			AND of_run IS NULL
		ORDER BY run_id, ordinal`, r.runIDs())
}

// sides puts together what was read, in the order that was asked for.
func (r *sideReader) sides(arms, runs []string) []ablation.Side {
	var sides []ablation.Side
	wanted := slices.Clone(arms)
	for _, id := range runs {
		if i := slices.IndexFunc(r.runs, func(run ablation.Run) bool { return run.ID == id }); i >= 0 {
			wanted = append(wanted, r.runs[i].Sweep+"/"+r.runs[i].Arm)
		}
	}
	for i, name := range wanted {
		if slices.Index(wanted, name) < i {
			continue
		}
		if s := r.side(name); len(s.Results) > 0 {
			sides = append(sides, s)
		}
	}
	return sides
}

func (r *sideReader) side(name string) ablation.Side {
	s := ablation.Side{Plans: map[string]ablation.RunPlan{}, Segments: map[string][]ablation.Segment{}}
	for _, run := range r.runs {
		if run.Sweep+"/"+run.Arm != name {
			continue
		}
		if of := r.sweeps[run.Sweep]; len(s.Results) == 0 {
			s.Sweep, s.Arms, s.Sources, s.Tasks = of.Sweep, of.Arms, of.Sources, of.Tasks
			s.Arm = s.Arms[slices.IndexFunc(s.Arms, func(a ablation.Arm) bool { return a.Name == run.Arm })]
		}
		s.Results = append(s.Results, resultOf(run, r.values[run.ID]))
		s.Segments[run.ID] = r.segments[run.ID]
		if plan, ok := r.plans[run.ID]; ok {
			s.Plans[run.ID] = plan
		}
	}
	return s
}

// each hands the rows of a select on, by their first column.
func each[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], take func(key string, value T), sql string, args ...any) error {
	type entry struct {
		key   string
		value T
	}
	found, err := query(ctx, q, func(row pgx.CollectableRow) (e entry, err error) {
		e.value, err = scan(keyed{row, &e.key})
		return e, err
	}, sql, args...)
	for _, e := range found {
		take(e.key, e.value)
	}
	return err
}

// keyed is a row without its first column, which goes to key.
type keyed struct {
	pgx.CollectableRow
	key *string
}

// Scan reads the other columns.
func (k keyed) Scan(columns ...any) error {
	return k.CollectableRow.Scan(append([]any{k.key}, columns...)...)
}
