package trainers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// killAfter is how long a plugin may take to leave by itself: it has nothing to save.
const killAfter = 2 * time.Second

// passedOn is the whole of the host's environment that a plugin sees: enough to find programs, libraries and devices,
// and no secret.
var passedOn = []string{
	"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
	"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
}

// slot is where the one process of a plugin runs. Its lock is held while a process starts or ends, not during calls.
type slot struct {
	host   *Host
	plugin Plugin

	mu      sync.Mutex
	running *process
	closed  bool
}

// process is a running plugin.
type process struct {
	client  *plugin.Client
	command *exec.Cmd
	trainer trainer.Trainer
}

// open is the running process, started where there is none.
func (s *slot) open() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("the plugin host is closed")
	}
	if s.running != nil && !s.running.client.Exited() {
		return s.running, nil
	}
	s.end()
	p, err := s.start()
	if err != nil {
		return nil, err
	}
	s.running = p
	return p, nil
}

// drop ends p unless another call has already.
func (s *slot) drop(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == p {
		s.end()
	}
}

func (s *slot) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.end()
}

func (s *slot) end() {
	if s.running != nil {
		s.running.kill()
		s.running = nil
	}
}

// start verifies the file, starts it and connects; on any error nothing is left running.
func (s *slot) start() (*process, error) {
	err := s.verify()
	if err != nil && s.listedAnew() {
		err = s.verify()
	}
	if err != nil {
		return nil, err
	}
	p := &process{command: s.command()}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  trainer.Handshake(),
		VersionedPlugins: trainer.Plugins(nil),
		Cmd:              p.command,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		GRPCDialOptions:  trainer.DialOptions(),
		StartTimeout:     s.host.options.StartTimeout,
		Logger:           pluginLog(s.host.options.Log.With("trainer", s.plugin.Name)),
	})
	if err := p.connect(); err != nil {
		p.kill()
		return nil, startError(s.plugin.File, err)
	}
	return p, nil
}

// listedAnew takes over what the lists say of the plugin by now, and reports whether that is something else: program and list may
// have been replaced together since they were read, by an upgrade.
func (s *slot) listedAnew() bool {
	plugins, _, err := listed(s.host.options)
	i := slices.IndexFunc(plugins, func(p Plugin) bool { return p.Name == s.plugin.Name })
	if err != nil || i < 0 || plugins[i].File == s.plugin.File && plugins[i].SHA256 == s.plugin.SHA256 {
		return false
	}
	s.plugin = plugins[i]
	return true
}

// verify refuses a file that isn't the listed one.
func (s *slot) verify() error {
	got, _, err := spec.DigestFile(s.plugin.File)
	name := filepath.Base(s.plugin.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ablation.Conflict("the program %s, which plugins.yaml lists, isn't there; run make build, or correct plugins.yaml",
			"plugins.yaml にあるプログラム %s がありません。make build を実行するか、plugins.yaml を直してください", name)
	case err != nil:
		return ablation.Conflict("the program %s can't be read; check its permissions", "プログラム %s を読めません。アクセス権を確かめてください", name)
	case got != s.plugin.SHA256:
		return ablation.Conflict("the program %s isn't the one that plugins.yaml lists (its SHA-256 is %s, listed is %s), so it wasn't started; "+
			"run make build, or correct plugins.yaml if you trust the file",
			"プログラム %s は plugins.yaml に載ったものと違うため、起動していません（SHA-256 は %s、記載は %s）。"+
				"make build を実行するか、信頼できるものなら plugins.yaml を直してください", name, got, s.plugin.SHA256)
	}
	return nil
}

// command is the plugin's program in a process group of its own: Ctrl-C is for the host, which then ends it.
func (s *slot) command() *exec.Cmd {
	c := exec.Command(s.plugin.File, s.plugin.args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Env = append(inherited(), plugin.EnvUnixSocketDir+"="+s.host.sockets)
	return c
}

// inherited is what is passed on of the host's environment.
func inherited() (env []string) {
	for _, name := range passedOn {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (p *process) connect() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(trainer.PluginName)
	if err != nil {
		return err
	}
	p.trainer = dispensed.(trainer.Trainer)
	return nil
}

// kill asks the plugin to leave, and after a moment doesn't ask: the library's own way out waits for an answer, which a
// hanging plugin never gives, and for the end of the output pipes, which a child of the plugin may hold. Until the pipes
// end the library doesn't reap the process, so its group can be no other's.
func (p *process) kill() {
	timer := time.AfterFunc(killAfter, func() {
		if p.command.Process != nil {
			_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) // an error means that all have ended
		}
	})
	defer timer.Stop()
	p.client.Kill()
}

// startError says in our words what the library says in its.
func startError(file string, err error) error {
	text, name := err.Error(), filepath.Base(file)
	switch {
	case strings.Contains(text, "timeout while waiting"):
		return ablation.Conflict("the program %s started and said nothing; is it a trainer plugin? Correct plugins.yaml, or try again on a less busy machine",
			"プログラム %s は起動しましたが応答がありません。トレーナーのプラグインか確かめて plugins.yaml を直すか、空いているときにもう一度試してください", name)
	case strings.Contains(text, "incompatible API version"):
		return ablation.Conflict("the program %s speaks another version of the trainer protocol than this program (%d); use a plugin of this release",
			"プログラム %s のトレーナー規約の版が、この Haigo の版（%d）と違います。同じリリースのプラグインを使ってください", name, trainer.ProtocolVersion)
	case strings.Contains(text, "Unrecognized remote plugin message"):
		return ablation.Conflict("the program %s isn't a trainer plugin, or writes to standard output before it serves; correct plugins.yaml or the program",
			"プログラム %s はトレーナーのプラグインではないか、準備の前に標準出力へ書き込んでいます。plugins.yaml かプログラムを直してください", name)
	}
	return fmt.Errorf("start %s: %w", file, err)
}
