package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// SettingsFile is the administrator's file in the data folder.
const SettingsFile = "engines.yaml"

// Settings say where runs may train besides this machine.
type Settings struct {
	Engine     string      `yaml:"engine"` // where new attempts go: local, slurm, pbs or gridengine
	Slurm      *Slurm      `yaml:"slurm"`
	PBS        *PBS        `yaml:"pbs"`
	GridEngine *GridEngine `yaml:"gridengine"`
}

// Jobs is what jobs of every batch system have in common.
type Jobs struct {
	Runs    int      `yaml:"runs"`    // jobs at once, waiting ones included; 8 unless given
	Program string   `yaml:"program"` // haigo as the nodes see it; this program unless given
	Prefix  []string `yaml:"prefix"`  // before every command, which it gets as one line for a shell: [ssh, -oBatchMode=yes, login]

	CPUs        int           `yaml:"cpus"`         // of a job; 1 unless given
	TimeLimit   time.Duration `yaml:"time_limit"`   // of a job; 0: the site's
	LeaveBefore time.Duration `yaml:"leave_before"` // how long before that limit a runner is asked to checkpoint; 5m, or a quarter of the limit

	Modules   []string          `yaml:"modules"`   // to load
	Setup     string            `yaml:"setup"`     // lines of shell before the training
	Container []string          `yaml:"container"` // before haigo exec: [apptainer, exec, --nv, /apps/image.sif]
	Env       map[string]string `yaml:"env"`
	Options   []string          `yaml:"options"` // further arguments of sbatch or qsub

	Poll        time.Duration `yaml:"poll"`         // between looks at the queue; 5s unless given
	Timeout     time.Duration `yaml:"timeout"`      // of one command; 20s unless given
	SilentAfter time.Duration `yaml:"silent_after"` // a heartbeat that old has stopped; 60s unless given, 15s at least
	LostAfter   time.Duration `yaml:"lost_after"`   // so long known to nobody, a job is lost; 5m unless given
}

// Slurm says how jobs are submitted to Slurm.
type Slurm struct {
	Jobs         `yaml:",inline"`
	Partition    string        `yaml:"partition"`
	Account      string        `yaml:"account"`
	QOS          string        `yaml:"qos"`
	GRES         string        `yaml:"gres"`          // gpu:1
	Memory       string        `yaml:"memory"`        // 32G
	ExcludeAfter int           `yaml:"exclude_after"` // failures within exclude_for after which a node gets no more jobs; 2 unless given
	ExcludeFor   time.Duration `yaml:"exclude_for"`   // 24h unless given
}

// PBS says how jobs are submitted to PBS. Nodes can't be excluded there.
type PBS struct {
	Jobs    `yaml:",inline"`
	Queue   string `yaml:"queue"`
	Project string `yaml:"project"` // -P
	Group   string `yaml:"group"`   // -W group_list=
	Select  string `yaml:"select"`  // chunk: 1:ncpus=8:ngpus=1; 1:ncpus=CPUS unless given
}

// GridEngine says how jobs are submitted to Grid Engine. Nodes can't be excluded there.
type GridEngine struct {
	Jobs      `yaml:",inline"`
	Queue     string   `yaml:"queue"`
	Project   string   `yaml:"project"`
	Resources []string `yaml:"resources"` // each a -l: [node_f=1]
	Parallel  string   `yaml:"parallel"`  // environment that gives CPUS slots: -pe; none unless given
}

// ReadSettings reads the administrator's file; without one runs train on this machine alone.
func ReadSettings(data string) (s Settings, err error) {
	path := filepath.Join(data, SettingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the settings of engines: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("%s:%s; go doc ./services/engine/batch Jobs lists the keys", path, place(err))
	}
	if err := s.check(); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// place is where YAML is broken, without the library's picture of it.
func place(err error) string {
	var broken yaml.Error
	if errors.As(err, &broken) && broken.GetToken() != nil && broken.GetToken().Position != nil {
		return fmt.Sprintf("%d: %s", broken.GetToken().Position.Line, broken.GetMessage())
	}
	return " " + err.Error()
}

// Names are the engines that the file describes, besides local.
func (s Settings) Names() (names []string) {
	if s.Slurm != nil {
		names = append(names, "slurm")
	}
	if s.PBS != nil {
		names = append(names, "pbs")
	}
	if s.GridEngine != nil {
		names = append(names, "gridengine")
	}
	return names
}

func (s Settings) check() error {
	if s.Engine != "" && s.Engine != "local" && !slices.Contains(s.Names(), s.Engine) {
		return fmt.Errorf("engine: %s isn't described here; write local, or describe it under a key of that name", s.Engine)
	}
	var errs []error
	if s.Slurm != nil {
		errs = append(errs, s.Slurm.check("slurm"))
	}
	if s.PBS != nil {
		errs = append(errs, s.PBS.check("pbs"))
	}
	if s.GridEngine != nil {
		errs = append(errs, s.GridEngine.check("gridengine"))
	}
	return errors.Join(errs...)
}

// check fills in what wasn't given.
func (j *Jobs) check(under string) error {
	or(&j.Runs, 8)
	or(&j.CPUs, 1)
	or(&j.Poll, 5*time.Second)
	or(&j.Timeout, 20*time.Second)
	or(&j.SilentAfter, time.Minute)
	or(&j.LostAfter, 5*time.Minute)
	or(&j.LeaveBefore, min(5*time.Minute, j.TimeLimit/4))
	switch {
	case j.Runs < 1 || j.CPUs < 1:
		return fmt.Errorf("%s: runs and cpus are 1 at least", under)
	case j.Poll < 0 || j.Timeout < 0 || j.LostAfter < 0:
		return fmt.Errorf("%s: poll, timeout and lost_after aren't negative", under)
	case j.SilentAfter < 15*time.Second:
		return fmt.Errorf("%s.silent_after: is %s; a runner beats every 5s, so give 15s at least", under, j.SilentAfter)
	case j.TimeLimit < 0 || j.TimeLimit > 0 && j.TimeLimit < time.Minute:
		return fmt.Errorf("%s.time_limit: is %s; give 1m at least", under, j.TimeLimit)
	case j.TimeLimit > 0 && (j.LeaveBefore < 0 || j.LeaveBefore >= j.TimeLimit):
		return fmt.Errorf("%s.leave_before: is %s, the time limit %s; give less", under, j.LeaveBefore, j.TimeLimit)
	case j.Program != "" && !filepath.IsAbs(j.Program):
		return fmt.Errorf("%s.program: %s isn't absolute; nodes start it from elsewhere", under, j.Program)
	}
	for _, word := range j.Container {
		if image(word) && !filepath.IsAbs(word) {
			return fmt.Errorf("%s.container: %s isn't absolute; jobs start in their attempt's folder", under, word)
		}
	}
	for name, value := range j.Env {
		if name == "" || strings.ContainsAny(name, "= \t\n'\"$`;&|") || strings.ContainsRune(value, 0) {
			return fmt.Errorf("%s.env: %q can't be the name of a variable", under, name)
		}
	}
	return nil
}

// image reports whether a word of a container's command names an image's file.
func image(word string) bool {
	return slices.Contains([]string{".sif", ".simg", ".sqsh", ".squashfs"}, filepath.Ext(word)) && !strings.Contains(word, "://")
}

func or[T comparable](v *T, usual T) {
	var zero T
	if *v == zero {
		*v = usual
	}
}
