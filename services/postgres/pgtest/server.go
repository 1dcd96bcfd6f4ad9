package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/local"
)

// server is a Postgres with a migrated template.
type server struct {
	admin   url.URL // a database that is there
	prefix  string  // of all names: another binary may use the same server
	clones  atomic.Int64
	private *private // nil: somebody else's server
}

func startServer(ctx context.Context) (*server, error) {
	s := &server{prefix: "haigo_test_" + strings.ToLower(rand.Text()[:10])}
	address := os.Getenv("HAIGO_TEST_DATABASE_URL")
	if address == "" {
		var err error
		if s.private, err = startPrivate(ctx); err != nil {
			return nil, err
		}
		address = s.private.URL
	}
	admin, err := url.Parse(address)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("HAIGO_TEST_DATABASE_URL must be a postgres:// URL: %w", err), s.stop(ctx))
	}
	s.admin = *admin
	if err := s.makeTemplate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("make the template: %w", err), s.stop(ctx))
	}
	return s, nil
}

// stop ends a private server, and drops the template on another's.
func (s *server) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if s.private != nil {
		return s.private.stop(ctx)
	}
	return s.drop(ctx, s.template())
}

func (s *server) template() string { return s.prefix + "_template" }

func (s *server) makeTemplate(ctx context.Context) error {
	if err := s.do(ctx, "CREATE DATABASE "+s.template()); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, s.named(s.template()))
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Migrate(ctx)
}

// clone makes a copy of the template and returns its name.
func (s *server) clone(ctx context.Context) (string, error) {
	name := fmt.Sprintf("%s_%d", s.prefix, s.clones.Add(1))
	return name, s.do(ctx, "CREATE DATABASE "+name+" TEMPLATE "+s.template())
}

// drop cuts off whoever still uses the database.
func (s *server) drop(ctx context.Context, name string) error {
	return s.do(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func (s *server) do(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}

func (s *server) named(database string) string {
	u := s.admin
	u.Path = "/" + database
	return u.String()
}

// private is a server of this binary's own.
type private struct {
	*local.Server
	watch *watch
}

func startPrivate(ctx context.Context) (*private, error) {
	dir, err := os.MkdirTemp("", "haigo-pgtest-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server of root's tests runs as somebody else
		return nil, err
	}
	s, err := local.Start(ctx, local.Options{Data: dir, Bin: os.Getenv("HAIGO_POSTGRES_BIN"), Fast: true})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	w, err := startWatch(s.Home+"/cluster/postmaster.pid", s.Home, s.Socket, dir)
	if err != nil {
		return nil, errors.Join(err, s.Stop(ctx), os.RemoveAll(dir))
	}
	return &private{Server: s, watch: w}, nil
}

func (p *private) stop(ctx context.Context) error { return errors.Join(p.Stop(ctx), p.watch.end()) }
