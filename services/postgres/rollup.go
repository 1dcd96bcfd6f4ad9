package postgres

// What a roll-up holds, what it is of a set of points, and how two of one bucket become one. Extremes are of finite
// values; where there is none their steps are -1 and the values mean nothing.

const rollupColumns = `series_id, ordinal, level, bucket, superseded, n, n_nan, n_pos_inf, n_neg_inf, first_step,
			min, min_step, max, max_step, last, last_step, sum, squares`

// finite is true for values that can be added: NaN equals itself in Postgres.
const finite = `value NOT IN ('NaN', 'Infinity', '-Infinity')`

// rollupOf selects the roll-up of points grouped by series, ordinal, level and bucket; superseded is an SQL expression.
func rollupOf(superseded string) string {
	return `series_id, ordinal, level, step >> level, ` + superseded + `,
			count(*) FILTER (WHERE ` + finite + `),
			count(*) FILTER (WHERE value = 'NaN'),
			count(*) FILTER (WHERE value = 'Infinity'),
			count(*) FILTER (WHERE value = '-Infinity'),
			min(step),
			coalesce(min(value) FILTER (WHERE ` + finite + `), 0),
			coalesce((array_agg(step ORDER BY value, step) FILTER (WHERE ` + finite + `))[1], -1),
			coalesce(max(value) FILTER (WHERE ` + finite + `), 0),
			coalesce((array_agg(step ORDER BY value DESC, step) FILTER (WHERE ` + finite + `))[1], -1),
			(array_agg(value ORDER BY step DESC))[1],
			max(step),
			coalesce(sum(value ORDER BY step) FILTER (WHERE ` + finite + `), 0),
			coalesce(sum(value * value ORDER BY step) FILTER (WHERE ` + finite + `), 0)`
}

// rollupMerge adds what is new to a bucket that is there. An extreme of equal value keeps its earlier step.
const rollupMerge = `ON CONFLICT (series_id, ordinal, level, bucket, superseded) DO UPDATE
		SET n = r.n + EXCLUDED.n,
			n_nan = r.n_nan + EXCLUDED.n_nan,
			n_pos_inf = r.n_pos_inf + EXCLUDED.n_pos_inf,
			n_neg_inf = r.n_neg_inf + EXCLUDED.n_neg_inf,
			first_step = least(r.first_step, EXCLUDED.first_step),
			min = CASE WHEN r.n = 0 OR EXCLUDED.n > 0 AND EXCLUDED.min < r.min THEN EXCLUDED.min ELSE r.min END,
			min_step = CASE WHEN r.n = 0 OR EXCLUDED.n > 0 AND EXCLUDED.min < r.min THEN EXCLUDED.min_step ELSE r.min_step END,
			max = CASE WHEN r.n = 0 OR EXCLUDED.n > 0 AND EXCLUDED.max > r.max THEN EXCLUDED.max ELSE r.max END,
			max_step = CASE WHEN r.n = 0 OR EXCLUDED.n > 0 AND EXCLUDED.max > r.max THEN EXCLUDED.max_step ELSE r.max_step END,
			last = CASE WHEN EXCLUDED.last_step > r.last_step THEN EXCLUDED.last ELSE r.last END,
			last_step = greatest(r.last_step, EXCLUDED.last_step),
			sum = r.sum + EXCLUDED.sum,
			squares = r.squares + EXCLUDED.squares`
