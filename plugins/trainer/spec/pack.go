package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// PackVersion is the only pack_version.
const PackVersion = 1

// Pack is pack.json. A folder that has one is a pack's: haigo exec runs its launch.json as it does an attempt's, but what
// trains there trains the attempts that are put into the pack while it lives, each in its own folder.
//
// Members are files in [MembersDir], each with the path of an attempt's folder, absolute or relative to the pack's; an attempt
// that is in a pack says so in its [MemberFile]. One may be taken out again, before it was begun. Of a member that it trains, the
// runner
//
//   - takes the lock (flock, exclusive) and holds it until the end, passing over one that another process holds;
//   - passes over one that has a [ProcessFile], else copies the pack's into it;
//   - reads the [SpecFile] and writes the [EventsFile] as any runner does, and looks for its [StopFile];
//   - writes the [ExitFile] once the events are on disk, and then lets go of the lock.
//
// SIGTERM is for all of them. A runner that has no member left waits a little for the next one and leaves. The [SpecFile] in
// the pack's folder is that of the run which it was opened for: all members have its shape, batch, rows and precision.
type Pack struct {
	PackVersion int    `json:"pack_version"` // 1
	Slots       int    `json:"slots"`        // runs at once; what a run computes may depend on it, and on nothing else of the pack
	Of          string `json:"of"`           // what its runs have in common, as whoever opened it knows it
}

// Files of a pack's folder, and that of an attempt which names its pack.
const (
	PackFile   = "pack.json"
	MembersDir = "members"
	MemberFile = "pack"
)

// PackDir is the folder of a pack in the data folder.
func PackDir(data, pack string) string { return filepath.Join(data, "packs", pack) }

// PackOf is the folder of the pack that the attempt in a folder is in, "" where it is in none.
func PackOf(attemptDir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(attemptDir, MemberFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read which pack an attempt is in: %w", err)
	}
	return filepath.Clean(Resolve(attemptDir, strings.TrimSpace(string(text)))), nil
}

// NamePack writes down which pack an attempt is in; the folders may move together.
func NamePack(attemptDir, pack string) error {
	return writePath(filepath.Join(attemptDir, MemberFile), attemptDir, pack)
}

// AddMember puts an attempt into a pack; again changes nothing.
func AddMember(pack, attemptDir string) error {
	if err := os.MkdirAll(filepath.Join(pack, MembersDir), 0o755); err != nil {
		return fmt.Errorf("add to a pack: %w", err)
	}
	return writePath(memberFile(pack, attemptDir), pack, attemptDir)
}

// RemoveMember takes an attempt out of a pack that hasn't taken it; one that has isn't told.
func RemoveMember(pack, attemptDir string) error {
	if err := os.Remove(memberFile(pack, attemptDir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take out of a pack: %w", err)
	}
	return nil
}

func memberFile(pack, attemptDir string) string {
	return filepath.Join(pack, MembersDir, filepath.Base(filepath.Dir(attemptDir))+"-"+filepath.Base(attemptDir))
}

// Members are the folders of the attempts that were put into a pack, those included that have left it.
func Members(pack string) (dirs []string, err error) {
	entries, err := os.ReadDir(filepath.Join(pack, MembersDir))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // being written
			continue
		}
		text, err := os.ReadFile(filepath.Join(pack, MembersDir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) { // taken out meanwhile
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the members of a pack: %w", err)
		}
		dirs = append(dirs, filepath.Clean(Resolve(pack, strings.TrimSpace(string(text)))))
	}
	if err != nil {
		return nil, fmt.Errorf("read the members of a pack: %w", err)
	}
	return dirs, nil
}

// writePath makes a file whose one line is a path relative to a folder.
func writePath(file, from, to string) error {
	path, err := filepath.Rel(from, to)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	return WriteBytes(file, []byte(path+"\n"))
}
