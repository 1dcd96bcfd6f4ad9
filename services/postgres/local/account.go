package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that the server runs as; nil: the one that this program runs as.
type account struct{ uid, gid uint32 }

// serverAccount is whom the server runs as. For root that is the owner of the cluster that is there, else postgres, else
// nobody.
func serverAccount(cluster string) (*account, error) {
	var st syscall.Stat_t
	err := syscall.Stat(cluster, &st)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("look at %s: %w", cluster, err)
	case os.Geteuid() != 0 && int(st.Uid) != os.Geteuid():
		return nil, fmt.Errorf("%s belongs to user %d: run as that user, or name another data folder", cluster, st.Uid)
	case os.Geteuid() == 0 && st.Uid != 0:
		return &account{uid: st.Uid, gid: st.Gid}, nil
	}
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if a, err := lookUp(name); err == nil {
			return a, nil
		}
	}
	return nil, errors.New("root may not run Postgres, and there is neither a user postgres nor nobody: run as another user, or set DATABASE_URL")
}

func lookUp(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &account{uid: uint32(uid), gid: uint32(gid)}, nil
}

// command runs a program as the account, in dir, in a session of its own and without this program's environment.
func (a *account) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return cmd
}

// enters reports whether the account can enter a folder, as only the system can tell.
func (a *account) enters(dir string) bool {
	return a == nil || a.command(dir, "/bin/sh", "-c", ":").Run() == nil
}

// own makes a folder that the account owns and nobody else can enter. A folder of somebody else's is refused, and so is
// a link.
func (a *account) own(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && a != nil {
		return os.Chown(dir, int(a.uid), int(a.gid))
	}
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st syscall.Stat_t
	if err := syscall.Lstat(dir, &st); err != nil {
		return err
	}
	uid := os.Geteuid()
	if a != nil {
		uid = int(a.uid)
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFDIR || int(st.Uid) != uid || st.Mode&0o077 != 0 {
		return fmt.Errorf("%s is not a folder that user %d alone can enter: remove it", dir, uid)
	}
	return nil
}
