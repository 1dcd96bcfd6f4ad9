package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// FoundArm is an arm of any sweep that a search found.
type FoundArm struct {
	Sweep     string         `json:"sweep"`
	Arm       string         `json:"arm"`
	Label     ablation.Label `json:"label"`
	Runs      int            `json:"runs"`
	Completed int            `json:"completed"`
}

// FindArms are the arms in whose names, labels, runs' names, or sweep's name and question every word of the text stands,
// those of the newest sweeps first. Width and case of letters, and which kana are used, don't matter.
func (s *Store) FindArms(ctx context.Context, text string, limit int) ([]FoundArm, error) {
	found, err := query(ctx, s.pool, scanFound, `
		WITH words AS (
			SELECT `+folded("word")+` AS word
			FROM unnest($1::text[]) AS u (word)
		)
		SELECT w.name, a.name, a.definition -> 'label', r.runs, r.completed
		FROM sweeps w
		JOIN arms a ON a.sweep_id = w.id
		CROSS JOIN LATERAL (
			SELECT count(*) AS runs, count(*) FILTER (WHERE state = 'completed') AS completed, string_agg(name, ' ') AS names
			FROM runs
			WHERE arm_id = a.id
		) r
		WHERE NOT EXISTS (
				SELECT
				FROM words
				WHERE strpos(`+folded(`concat_ws(' ', w.name, a.name, w.name || '/' || a.name, a.definition #>> '{label,ja}', a.definition #>> '{label,en}',
					w.definition ->> 'question', r.names)`)+`, word) = 0
			)
		ORDER BY w.id DESC, a.position
		LIMIT $2`, strings.Fields(clean(text)), limit)
	if err != nil {
		return nil, fmt.Errorf("find arms: %w", err)
	}
	return found, nil
}

// folded is a text (an SQL expression) without the differences that a search passes over.
func folded(text string) string {
	const hiragana = "ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをん"
	katakana := strings.Map(func(r rune) rune { return r + 'ァ' - 'ぁ' }, hiragana)
	return `translate(lower(normalize(` + text + `, NFKC)), '` + hiragana + `', '` + katakana + `')`
}

func scanFound(row pgx.CollectableRow) (f FoundArm, err error) {
	var label []byte
	if err := row.Scan(&f.Sweep, &f.Arm, &label, &f.Runs, &f.Completed); err != nil || label == nil {
		return f, err
	}
	return f, json.Unmarshal(label, &f.Label)
}
