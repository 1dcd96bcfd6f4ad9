package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// PutRecurrence registers a sweep file that a clock starts, or takes its new text. The next firing is the first planned
// one past now, unless the clock, the zone and the text are what they were: then nothing changes. A paused recurrence
// stays paused; one that had ended goes on. created is true for a name that recurs for the first time.
func (s *Store) PutRecurrence(ctx context.Context, w ablation.Sweep, now time.Time) (created bool, err error) {
	next, err := w.Recurrence.Next(now, 1)
	if err != nil {
		return false, fmt.Errorf("register recurrence %s: %w", w.Name, err)
	}
	definition, err := json.Marshal(w.Recurrence)
	if err != nil {
		return false, fmt.Errorf("register recurrence %s: %w", w.Name, err)
	}
	budget, err := json.Marshal(w.Budget)
	if err != nil {
		return false, fmt.Errorf("register recurrence %s: %w", w.Name, err)
	}
	err = s.tx(ctx, func(tx pgx.Tx) error {
		fresh, err := query(ctx, tx, pgx.RowTo[bool], `
			INSERT INTO recurrences (name, question, question_en, definition, budget, document, next_at)
			VALUES (@name, @question, @question_en, @definition, @budget, @document, @next)
			ON CONFLICT ON CONSTRAINT recurrences_name_once
			DO UPDATE SET question = EXCLUDED.question, question_en = EXCLUDED.question_en, definition = EXCLUDED.definition, budget = EXCLUDED.budget,
				document = EXCLUDED.document, revision = recurrences.revision + 1,
				next_at = CASE WHEN recurrences.state <> 'ended' AND recurrences.definition = EXCLUDED.definition
					THEN recurrences.next_at ELSE EXCLUDED.next_at END,
				state = CASE recurrences.state WHEN 'ended' THEN 'active' ELSE recurrences.state END
			WHERE recurrences.document <> EXCLUDED.document OR recurrences.question_en <> EXCLUDED.question_en OR recurrences.state = 'ended'
			RETURNING xmax = 0`,
			pgx.NamedArgs{
				"name": w.Name, "question": w.Question, "question_en": w.QuestionEN, "definition": definition, "budget": budget, "document": w.Document, "next": next[0],
			})
		if created = len(fresh) == 1 && fresh[0]; err != nil || len(fresh) == 0 {
			return err
		}
		return tell(ctx, tx, ablation.Event{Recurrence: w.Name})
	})
	if err != nil {
		return false, fmt.Errorf("register recurrence %s: %w", w.Name, err)
	}
	return created, nil
}

const recurrenceColumns = `id, name, question, question_en, definition, budget, document, state, next_at, revision, created_at`

// Recurrences are all that haven't ended, by name.
func (s *Store) Recurrences(ctx context.Context) ([]ablation.RecurringSweep, error) {
	return query(ctx, s.pool, scanRecurrence, `
		SELECT `+recurrenceColumns+`
		FROM recurrences
		WHERE state <> 'ended'
		ORDER BY name`)
}

// DueRecurrences are those of which a planned time has come at now, the longest due first.
func (s *Store) DueRecurrences(ctx context.Context, now time.Time) ([]ablation.RecurringSweep, error) {
	return query(ctx, s.pool, scanRecurrence, `
		SELECT `+recurrenceColumns+`
		FROM recurrences
		WHERE state <> 'ended'
			AND next_at <= $1
		ORDER BY next_at, name`, now)
}

// Recurrence is the one of this name, ended or not.
func (s *Store) Recurrence(ctx context.Context, name string) (ablation.RecurringSweep, error) {
	r, err := one(ctx, s.pool, scanRecurrence, `
		SELECT `+recurrenceColumns+`
		FROM recurrences
		WHERE name = $1`, name)
	if err != nil {
		return r, fmt.Errorf("recurrence %s: %w", name, err)
	}
	return r, nil
}

func scanRecurrence(row pgx.CollectableRow) (ablation.RecurringSweep, error) {
	var r ablation.RecurringSweep
	err := row.Scan(&r.ID, &r.Name, &r.Question, &r.QuestionEN, &r.Recurrence, &r.Budget, &r.Document, &r.State, &r.NextAt, &r.Revision, &r.CreatedAt)
	return r, err
}

// PauseRecurrence lets no firing start a sweep until it is resumed; each is recorded as skipped. Sweeps that have started
// go on.
func (s *Store) PauseRecurrence(ctx context.Context, name string) error {
	return s.moveRecurrence(ctx, name, ablation.RecurrencePaused)
}

// ResumeRecurrence lets firings start sweeps again. A time that passed while it was paused is skipped.
func (s *Store) ResumeRecurrence(ctx context.Context, name string) error {
	return s.moveRecurrence(ctx, name, ablation.RecurrenceActive)
}

// EndRecurrence takes a recurrence away, and keeps what became of its firings. None of that name is no error.
func (s *Store) EndRecurrence(ctx context.Context, name string) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE recurrences
			SET state = 'ended', revision = revision + 1
			WHERE name = $1
				AND state <> 'ended'`, name)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return tell(ctx, tx, ablation.Event{Recurrence: name})
	})
	if err != nil {
		return fmt.Errorf("end recurrence %s: %w", name, known(err))
	}
	return nil
}

func (s *Store) moveRecurrence(ctx context.Context, name string, to ablation.RecurrenceState) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var state ablation.RecurrenceState
		err := tx.QueryRow(ctx, `SELECT state FROM recurrences WHERE name = $1 FOR UPDATE`, name).Scan(&state)
		if err != nil {
			return fmt.Errorf("recurrence %s: %w", name, known(err))
		}
		if state == ablation.RecurrenceEnded {
			return ablation.Conflict("recurrence %s has ended; apply its file again to go on", "定期実行 %s は終わっています。続けるには、ファイルをもう一度開始してください", name)
		}
		_, err = tx.Exec(ctx, `
			UPDATE recurrences
			SET state = $2, revision = revision + 1
			WHERE name = $1
				AND state <> $2`, name, to)
		if err != nil {
			return err
		}
		return tell(ctx, tx, ablation.Event{Recurrence: name})
	})
}
