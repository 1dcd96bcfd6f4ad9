package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The superuser and the database of every private server.
const (
	superuser = "haigo"
	database  = "haigo"
)

// cluster is a database on disk, and the server on it where one runs.
type cluster struct {
	place
	data    string
	bin     binaries
	account *account
	fast    bool
}

// url names a database of the cluster. Whoever can enter the socket's folder needs no password. A space in that is %20: clients of
// Postgres take a + for itself.
func (c *cluster) url(name string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + name}
	u.RawQuery = strings.ReplaceAll(url.Values{"host": {c.Socket}, "port": {"5432"}}.Encode(), "+", "%20")
	return u.String()
}

// run makes what is missing: the cluster, the server, the database.
func (c *cluster) run(ctx context.Context, log *slog.Logger) error {
	if err := c.create(ctx, log); err != nil {
		return err
	}
	if err := c.write(); err != nil {
		return err
	}
	conn, err := c.up(ctx, log)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return c.createDatabase(ctx, conn)
}

// createDatabase makes the database where there is none. A program that was killed may have left its own wish for it with
// the server: then it is waited for.
func (c *cluster) createDatabase(ctx context.Context, conn *pgx.Conn) error {
	for {
		var there bool
		if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, database).Scan(&there); err != nil || there {
			return err
		}
		_, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
		if err == nil || !beingMade(err) {
			return err
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for the database: %w", err)
		}
	}
}

// beingMade tells that somebody else makes the same database now, or has just made it.
func beingMade(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains([]string{"42P04", "23505", "55006"}, pg.Code)
}

// create makes the cluster under a name of its own first: half a cluster is never taken for one, and an initdb that
// outlived the program that started it disturbs nobody.
func (c *cluster) create(ctx context.Context, log *slog.Logger) error {
	if _, err := os.Stat(c.Cluster); err == nil {
		return nil
	}
	c.removeHalves()
	half := fmt.Sprintf("%s.new-%d-%d", c.Cluster, os.Getpid(), time.Now().UnixNano())
	if err := c.account.own(half); err != nil {
		return err
	}
	args := []string{"-D", half, "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-locale", "--data-checksums", "--no-instructions"}
	if c.fast {
		args = append(args, "--no-sync")
	}
	log.Info("private Postgres made", "folder", c.Cluster, "binaries", c.Bin, "version", c.bin.version)
	cmd := c.account.command(filepath.Dir(half), c.bin.program("initdb"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a cluster in %s: %w: %s", c.Cluster, err, bytes.TrimSpace(out))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return os.Rename(half, c.Cluster)
}

// removeHalves removes what starts that were killed left. One that still grows stays until a later start.
func (c *cluster) removeHalves() {
	home := filepath.Dir(c.Cluster)
	entries, _ := os.ReadDir(home) // without it there is nothing to remove
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(c.Cluster)+".new") {
			_ = os.RemoveAll(filepath.Join(home, entry.Name()))
		}
	}
}

// patience is how long a server that says it is ready may take to answer. Tests have less.
var patience = 10 * time.Second

// up waits for the server to answer, however long it recovers, and launches it where none lives.
func (c *cluster) up(ctx context.Context, log *slog.Logger) (*pgx.Conn, error) {
	pid, launched := c.postmaster(), false
	var ready time.Time // since when it says so
	for {
		if !c.lives(pid) && (!launched || !goesOn(pid)) {
			if launched && !c.outlived() {
				return nil, fmt.Errorf("the server ended at once; %s ends with: %s", c.logPath(), c.lastWords())
			}
			var err error
			if pid, err = c.launch(); err != nil {
				return nil, err
			}
			launched = true
			log.Info("private Postgres launched", "pid", pid, "socket", c.Socket)
		}
		conn, err := c.connect(ctx)
		if err == nil {
			return conn, nil
		}
		if refused(err) {
			return nil, err
		}
		switch {
		case c.pidFile(7) != "ready":
			ready = time.Time{}
		case ready.IsZero():
			ready = time.Now()
		case time.Since(ready) > patience:
			return nil, fmt.Errorf("process %d serves the database and doesn't answer: %w; %s may say why", pid, err, c.logPath())
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("wait for the server: %w", err)
		}
	}
}

// connect doesn't wait longer for a server that took the call and says nothing than for one that isn't there.
func (c *cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience/2)
	defer cancel()
	return pgx.Connect(ctx, c.url("postgres"))
}

// refused tells a server's no from one that isn't there yet, starts, recovers or ends.
func refused(err error) bool {
	const cannotConnectNow = "57P03"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code != cannotConnectNow
}

// launch starts the server. It survives this program.
func (c *cluster) launch() (pid int, err error) {
	if err := c.clearStale(); err != nil {
		return 0, err
	}
	out, err := c.openLog()
	if err != nil {
		return 0, err
	}
	defer out.Close()
	args := []string{"-D", c.Cluster, "-k", `"` + strings.ReplaceAll(c.Socket, `"`, `""`) + `"`} // one name of a list
	for _, s := range c.settings() {
		args = append(args, "-c", s)
	}
	cmd := c.account.command(filepath.Dir(c.Cluster), c.bin.program("postgres"), args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("launch %s: %w", cmd.Path, err)
	}
	pid = cmd.Process.Pid
	return pid, cmd.Process.Release()
}

// settings fit a machine that trains beside: statements are short, so neither compiling nor parallel plans pay.
func (c *cluster) settings() []string {
	s := []string{
		"listen_addresses=", "port=5432", "unix_socket_permissions=0700", "jit=off", "max_parallel_workers_per_gather=0",
		"timezone=UTC", "log_timezone=UTC", "log_checkpoints=off",
	}
	if c.fast {
		s = append(s, "fsync=off", "full_page_writes=off")
	}
	return s
}

// stop ends the server in order; clients are cut off. Whatever was committed is on disk.
func (c *cluster) stop(ctx context.Context) error {
	pid := c.postmaster()
	if !c.lives(pid) {
		return c.dropSocket()
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
	for c.lives(pid) {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for process %d to end: %w", pid, err)
		}
	}
	return c.dropSocket()
}

// dropSocket removes a socket folder that lies outside the data: nobody would ever clean up there.
func (c *cluster) dropSocket() error {
	if filepath.Dir(c.Socket) == filepath.Dir(c.Cluster) {
		return nil
	}
	if err := os.RemoveAll(c.Socket); err != nil {
		return fmt.Errorf("remove the socket's folder: %w", err)
	}
	return nil
}

// postmaster is the server's process as its own file says, 0 where there is none. It may have ended.
func (c *cluster) postmaster() int {
	pid, _ := strconv.Atoi(c.pidFile(0))
	return max(pid, 0)
}

// serving is the socket's folder of a server that runs, empty where none does.
func (c *cluster) serving() string {
	if !c.lives(c.postmaster()) {
		return ""
	}
	return c.pidFile(4)
}

// pidFile is a line of the file that a server keeps while it runs, empty where there is none.
func (c *cluster) pidFile(line int) string {
	data, err := os.ReadFile(c.pidPath())
	lines := strings.Split(string(data), "\n")
	if err != nil || line >= len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[line])
}

// clearStale removes the locks of a server that ended without doing so. Their pid may belong to another program by now, or
// to a zombie that nobody reaps: Postgres itself would take either for a living server. Where processes of the old
// server are left, Postgres finds them by its shared memory and refuses all the same.
func (c *cluster) clearStale() error {
	if c.lives(c.postmaster()) {
		return nil
	}
	socket := filepath.Join(c.Socket, ".s.PGSQL.5432")
	for _, path := range []string{c.pidPath(), socket, socket + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (c *cluster) pidPath() string { return filepath.Join(c.Cluster, "postmaster.pid") }
func (c *cluster) logPath() string { return filepath.Join(c.data, "postgres.log") }

// openLog appends to the log; a long one is put aside first, in place of the one before.
func (c *cluster) openLog() (*os.File, error) {
	const long = 16 << 20
	if st, err := os.Stat(c.logPath()); err == nil && st.Size() > long {
		if err := os.Rename(c.logPath(), c.logPath()+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(c.logPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// outlived reports whether the server found processes of the one before, which leave when they see that it is gone.
func (c *cluster) outlived() bool {
	words := c.lastWords()
	return strings.Contains(words, "shared memory block") && strings.Contains(words, "still in use")
}

// lastWords are the end of the log, for a message.
func (c *cluster) lastWords() string {
	data, err := os.ReadFile(c.logPath())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
