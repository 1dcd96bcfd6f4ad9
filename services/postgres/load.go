package postgres

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Moved says where folders lie that the dump's database names: below To instead of From, both absolute. Elsewhere means that it
// is another data folder, though it may have the same path on another machine: what trains in the first isn't this database's.
type Moved struct {
	From, To  string
	Elsewhere bool
}

// Load fills the database with what Dump wrote down, which open gives back by table, brings it to this program's version and
// has put bring the files that belong to it; elsewhere it then says what no longer goes on by itself. Whoever breaks it off,
// and be it with kill -9, leaves a database that is empty as before, or that nobody else takes and another Load begins anew. One
// that isn't empty, that others are connected to, or that is to hold what a newer program wrote, is *ablation.Refusal.
func (s *Store) Load(ctx context.Context, d Dump, moved Moved, open func(table string) (io.ReadCloser, error), put func() error) (out Detached, err error) {
	if err := s.loadable(ctx); err != nil {
		return out, err
	}
	if err := s.migrateTo(ctx, d.Migration); err != nil {
		return out, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TABLE restoring ()`); err != nil {
			return err
		}
		if err := plainCopies(ctx, tx); err != nil {
			return err
		}
		for _, t := range d.Tables {
			if err := loadTable(ctx, tx, t, open); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("fill the database, which stays empty: %w", known(err))
	}
	if err := s.up(ctx); err != nil {
		return out, err
	}
	if err := put(); err != nil {
		return out, fmt.Errorf("put the backup's files into the data folder: %w", err)
	}
	// An earlier version lacks tables and columns that name folders: they are changed where all are there.
	err = s.tx(ctx, func(tx pgx.Tx) (err error) {
		if _, err := tx.Exec(ctx, `DELETE FROM data_folder`); err != nil { // of a database that was empty: any may take it now
			return err
		}
		if err := move(ctx, tx, moved); err != nil {
			return err
		}
		if err := abandon(ctx, tx, moved); err != nil {
			return err
		}
		if moved.Elsewhere {
			if out, err = detach(ctx, tx); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `DROP TABLE restoring`)
		return err
	})
	return out, err
}

// restoring reports whether a Load goes on here, or broke off.
func (s *Store) restoring(ctx context.Context) (so bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT to_regclass('restoring') IS NOT NULL`).Scan(&so)
	return so, known(err)
}

// discard empties a database that a Load broke off in.
func discard(ctx context.Context, tx pgx.Tx) error {
	all, err := tables(ctx, tx)
	for _, t := range all {
		if _, err := tx.Exec(ctx, `TRUNCATE `+pgx.Identifier{t.Name}.Sanitize()+` CASCADE`); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DROP TABLE restoring`)
	return err
}

// loadable refuses a database that holds anything, or that somebody uses.
func (s *Store) loadable(ctx context.Context) error {
	var connected int
	err := s.pool.QueryRow(ctx, `
		SELECT count(*)
		FROM pg_stat_activity
		WHERE datname = current_database()
			AND application_name = 'haigo'`).Scan(&connected)
	if err != nil {
		return known(err)
	}
	if connected > int(s.pool.Stat().TotalConns()) {
		return ablation.Conflict("a server or a worker uses this database; end it first", "このデータベースをサーバーかワーカーが使っています。先に終了してください")
	}
	broken, err := s.restoring(ctx)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if broken {
			return discard(ctx, tx)
		}
		return empty(ctx, tx)
	})
}

func empty(ctx context.Context, tx pgx.Tx) error {
	all, err := tables(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range all {
		var filled bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+pgx.Identifier{t.Name}.Sanitize()+`)`).Scan(&filled); err != nil {
			return err
		}
		if filled {
			return ablation.Conflict("this database isn't empty: its table %s holds rows. Restore into another: a new --data folder, or DATABASE_URL of a database made for it",
				"このデータベースは空ではありません（表 %s に行があります）。別のデータベースに復元してください：新しい --data フォルダーか、そのために作ったデータベースの DATABASE_URL を指定します", t.Name)
		}
	}
	return nil
}

func loadTable(ctx context.Context, tx pgx.Tx, t DumpedTable, open func(string) (io.ReadCloser, error)) error {
	r, err := open(t.Name)
	if err != nil {
		return err
	}
	defer r.Close()
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, r, `COPY `+quoted(t)+` FROM STDIN`)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != t.Rows {
		return fmt.Errorf("%d rows are there, %d were written down", tag.RowsAffected(), t.Rows)
	}
	for column, last := range t.Numbers {
		sequence, err := sequenceOf(ctx, tx, t.Name, column)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT setval($1::text::regclass, greatest($2, 1), $2 > 0)`, sequence, last); err != nil {
			return err
		}
	}
	return nil
}

// abandon ends the attempts that were open where the dump comes from a data folder that isn't this one: what they name, folders
// and jobs, may be training there on, and belongs to the service that started them. Their runs are queued again.
func abandon(ctx context.Context, tx pgx.Tx, m Moved) error {
	if !m.Elsewhere {
		return nil
	}
	for _, sql := range []string{
		`UPDATE attempts
			SET ended_at = now(), outcome = 'lost',
				reason = '{"en": "it was open when the backup was made, in another data folder", "ja": "バックアップを取った時点で、別のデータフォルダーで実行中でした"}'
			WHERE ended_at IS NULL`,
		`UPDATE runs
			SET state = CASE state WHEN 'running' THEN 'queued' ELSE 'stopped' END, epoch = epoch + 1, ` + unheld + `,
				finished_at = CASE state WHEN 'stopping' THEN now() END
			WHERE state IN ('running', 'stopping')`,
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// move changes the folders that rows name.
func move(ctx context.Context, tx pgx.Tx, m Moved) error {
	if m.From == m.To || m.From == "" {
		return nil
	}
	for _, sql := range []string{
		`UPDATE sources SET dir = $2 || substr(dir, length($1) + 1) WHERE starts_with(dir, $1 || '/')`,
		`UPDATE tasks SET path = $2 || substr(path, length($1) + 1) WHERE starts_with(path, $1 || '/')`,
		`UPDATE checkpoints SET path = $2 || substr(path, length($1) + 1) WHERE starts_with(path, $1 || '/')`,
	} {
		if _, err := tx.Exec(ctx, sql, m.From, m.To); err != nil {
			return err
		}
	}
	// What these handles lead to may still train, for the database that was written down.
	_, err := tx.Exec(ctx, `UPDATE attempts SET handle = NULL WHERE ended_at IS NULL`)
	return err
}
