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

// Load fills the database with what Dump wrote down, which open gives back by table, and brings it to this program's
// version. It is whole afterwards, or empty as before. A database that isn't empty, that others are connected to, or
// that is to hold what a newer program wrote, is *ablation.Refusal.
func (s *Store) Load(ctx context.Context, d Dump, moved Moved, open func(table string) (io.ReadCloser, error)) error {
	if err := s.loadable(ctx); err != nil {
		return err
	}
	if err := s.migrateTo(ctx, d.Migration); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
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
		return fmt.Errorf("fill the database, which stays empty: %w", known(err))
	}
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	// An earlier version lacks tables and columns that name folders: they are changed where all are there.
	return s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM data_folder`); err != nil { // of a database that was empty: any may take it now
			return err
		}
		if err := move(ctx, tx, moved); err != nil {
			return err
		}
		return abandon(ctx, tx, moved)
	})
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
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return empty(ctx, tx) })
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
