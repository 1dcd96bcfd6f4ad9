package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/haigo-lab/haigo/migrations"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Store is the database. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

// Open connects to the database at url and waits up to a quarter of a minute for it to answer.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w; write it as postgres://USER:PASSWORD@HOST:5432/DATABASE", err)
	}
	config.MaxConns = max(config.MaxConns, 16)
	config.ConnConfig.RuntimeParams["application_name"] = "haigo"
	// Whoever is paused in the middle of a transaction gives its locks back before its lease is over.
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "15s"
	config.AfterConnect = timesInUTC
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to Postgres: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to Postgres: %w; check DATABASE_URL and that the server runs", err)
	}
	return &Store{pool: pool}, nil
}

// timesInUTC makes a connection return times in UTC, not in the machine's zone.
func timesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// Close waits for connections in use and closes all.
func (s *Store) Close() { s.pool.Close() }

// Ping asks the database whether it answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Migrate brings the database to this program's version. Several programs may call it at once. One into which a backup is being
// restored, or was until somebody broke that off, is *ablation.Refusal.
func (s *Store) Migrate(ctx context.Context) error {
	broken, err := s.restoring(ctx)
	if err != nil {
		return err
	}
	if broken {
		return ablation.Conflict("a backup is being restored into this database, or that was broken off: wait for its end, or run haigo restore FILE again, which begins anew",
			"このデータベースにはバックアップを復元している途中か、復元が途中で終わっています。終わるのを待つか、haigo restore FILE をもう一度実行してください（最初からやり直します）")
	}
	return s.up(ctx)
}

func (s *Store) up(ctx context.Context) error {
	return s.migrate(func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// Schema is the version of the database, 0 of one without tables, and that of this program. It changes nothing.
func (s *Store) Schema(ctx context.Context) (now, newest int64, err error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(files) == 0 {
		return 0, 0, fmt.Errorf("list migrations: %w", err)
	}
	if newest, err = goose.NumericComponent(files[len(files)-1]); err != nil {
		return 0, 0, fmt.Errorf("number the migrations: %w", err)
	}
	var made bool
	if err := s.pool.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&made); err != nil || !made {
		return 0, newest, known(err)
	}
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&now)
	return now, newest, known(err)
}

// migrateTo brings an empty database to an earlier version, or to this program's.
func (s *Store) migrateTo(ctx context.Context, version int64) error {
	return s.migrate(func(p *goose.Provider) error {
		now, newest, err := p.GetVersions(ctx)
		switch {
		case err != nil:
			return err
		case version > newest:
			return ablation.Conflict("a newer program wrote this: its database is at version %d, and this program knows %d; take the newer program",
				"新しいプログラムが書いたものです（データベースの版は %d、このプログラムが知るのは %d まで）。新しいほうのプログラムを使ってください", version, newest)
		case version < now:
			_, err = p.DownTo(ctx, version)
		case version > now:
			_, err = p.UpTo(ctx, version)
		}
		return err
	})
}

func (s *Store) migrate(do func(*goose.Provider) error) error {
	db := stdlib.OpenDBFromPool(s.pool)
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds, times
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := do(provider); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// tx runs f in one transaction, and again where the database chose it as a victim of concurrency.
func (s *Store) tx(ctx context.Context, f func(pgx.Tx) error) error {
	for try := 0; ; try++ {
		err := pgx.BeginFunc(ctx, s.pool, f)
		if err == nil || !victim(err) || try == 5 {
			return known(err)
		}
	}
}

// query collects the rows of a select into values.
func query[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, known(err)
	}
	values, err := pgx.CollectRows(rows, scan)
	return values, known(err)
}

// one is the only row of a select; none is ablation.ErrNotFound.
func one[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, known(err)
	}
	value, err := pgx.CollectExactlyOneRow(rows, scan)
	return value, known(err)
}

// clean makes a text storable: Postgres knows no NUL and no broken UTF-8.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func cleanLabel(l ablation.Label) ablation.Label {
	return ablation.Label{JA: clean(l.JA), EN: clean(l.EN)}
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}
