package postgres

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Dump says what was written down of a database: all rows of all tables as they stood at one moment.
type Dump struct {
	Migration int64         `json:"migration"` // the newest that the database had
	At        time.Time     `json:"at"`        // by the database's clock
	Tables    []DumpedTable `json:"tables"`    // in an order in which they can be read back: none refers to a later one
}

// DumpedTable is a table's part of a dump.
type DumpedTable struct {
	Name    string           `json:"name"`
	Columns []string         `json:"columns"`
	Rows    int64            `json:"rows"`
	Numbers map[string]int64 `json:"numbers,omitempty"` // by column that numbers rows: the last number given, 0 for none
}

// Dump writes every table down as Postgres' COPY writes text, each to what create returns for its name. All of it is of
// one moment, whatever is written meanwhile. Which data folder is the database's stays out: a copy gets its own.
func (s *Store) Dump(ctx context.Context, create func(table string) (io.Writer, error)) (d Dump, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := plainCopies(ctx, tx); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT max(version_id), now() FROM goose_db_version`).Scan(&d.Migration, &d.At); err != nil {
			return err
		}
		if d.Tables, err = tables(ctx, tx); err != nil {
			return err
		}
		for i := range d.Tables {
			w, err := create(d.Tables[i].Name)
			if err != nil {
				return err
			}
			if err := dumpTable(ctx, tx, &d.Tables[i], w); err != nil {
				return fmt.Errorf("table %s: %w", d.Tables[i].Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return d, fmt.Errorf("write the database down: %w", known(err))
	}
	return d, nil
}

// plainCopies lets COPY write and read the same whatever the server's settings are.
func plainCopies(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1`)
	return err
}

func dumpTable(ctx context.Context, tx pgx.Tx, t *DumpedTable, w io.Writer) error {
	for column := range t.Numbers {
		sequence, err := sequenceOf(ctx, tx, t.Name, column)
		if err != nil {
			return err
		}
		var last int64
		if err := tx.QueryRow(ctx, `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM `+sequence).Scan(&last); err != nil {
			return err
		}
		t.Numbers[column] = last
	}
	tag, err := tx.Conn().PgConn().CopyTo(ctx, w, `COPY `+quoted(*t)+` TO STDOUT`)
	t.Rows = tag.RowsAffected()
	return err
}

// sequenceOf is the sequence that numbers a table's rows, as SQL names it.
func sequenceOf(ctx context.Context, tx pgx.Tx, table, column string) (name string, err error) {
	err = tx.QueryRow(ctx, `SELECT pg_get_serial_sequence($1, $2)`, pgx.Identifier{table}.Sanitize(), column).Scan(&name)
	return name, err
}

// quoted is a table with its columns, as SQL names them.
func quoted(t DumpedTable) string {
	text := pgx.Identifier{t.Name}.Sanitize() + " ("
	for i, c := range t.Columns {
		if i > 0 {
			text += ", "
		}
		text += pgx.Identifier{c}.Sanitize()
	}
	return text + ")"
}

// tables are ours, those first that others refer to.
func tables(ctx context.Context, tx pgx.Tx) ([]DumpedTable, error) {
	type table struct {
		DumpedTable
		refers []string
	}
	all, err := query(ctx, tx, func(row pgx.CollectableRow) (t table, err error) {
		var numbered []string
		err = row.Scan(&t.Name, &t.Columns, &numbered, &t.refers)
		for _, column := range numbered {
			if t.Numbers == nil {
				t.Numbers = map[string]int64{}
			}
			t.Numbers[column] = 0
		}
		return t, err
	}, `
		SELECT c.relname::text,
			(
				SELECT array_agg(a.attname::text ORDER BY a.attnum)
				FROM pg_attribute a
				WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
			),
			ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attidentity <> '' AND NOT a.attisdropped),
			ARRAY(
				SELECT r.relname::text
				FROM pg_constraint f
				JOIN pg_class r ON r.oid = f.confrelid
				WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
			)
		FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace
			AND c.relkind = 'r'
			AND c.relname NOT IN ('goose_db_version', 'data_folder', 'restoring')
		ORDER BY c.relname`)
	if err != nil {
		return nil, err
	}
	var out []DumpedTable
	placed := func(name string) bool {
		return slices.ContainsFunc(out, func(t DumpedTable) bool { return t.Name == name })
	}
	for len(all) > 0 {
		i := slices.IndexFunc(all, func(t table) bool {
			return !slices.ContainsFunc(t.refers, func(name string) bool { return !placed(name) })
		})
		if i < 0 {
			return nil, fmt.Errorf("table %s refers to one that refers to it", all[0].Name)
		}
		out = append(out, all[i].DumpedTable)
		all = slices.Delete(all, i, i+1)
	}
	return out, nil
}
