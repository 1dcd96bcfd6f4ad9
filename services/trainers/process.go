package trainers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
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
	if err := s.verify(); err != nil {
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

// verify refuses a file that isn't the listed one.
func (s *slot) verify() error {
	got, _, err := spec.DigestFile(s.plugin.File)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s isn't there; run `make build`: %w", s.plugin.File, err)
	}
	if err != nil {
		return err
	}
	if got != s.plugin.SHA256 {
		return fmt.Errorf("%s has SHA-256 %s, plugins.yaml says %s; it wasn't started. Run `make build`, or correct plugins.yaml if you trust the file",
			s.plugin.File, got, s.plugin.SHA256)
	}
	return nil
}

// command is the plugin's program in a process group of its own: Ctrl-C is for the host, which then ends it.
func (s *slot) command() *exec.Cmd {
	c := exec.Command(s.plugin.File)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Env = []string{plugin.EnvUnixSocketDir + "=" + s.host.sockets}
	for _, name := range passedOn {
		if value, set := os.LookupEnv(name); set {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	return c
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
	text := err.Error()
	switch {
	case strings.Contains(text, "timeout while waiting"):
		return fmt.Errorf("%s started and said nothing; is it a trainer plugin?", file)
	case strings.Contains(text, "incompatible API version"):
		return fmt.Errorf("%s speaks another version of the trainer protocol than this program (%d); use a plugin of this release",
			file, trainer.ProtocolVersion)
	case strings.Contains(text, "Unrecognized remote plugin message"):
		first, _, _ := strings.Cut(text, "\n")
		return fmt.Errorf("%s isn't a trainer plugin, or wrote to standard output before serving: %s", file, first)
	}
	return fmt.Errorf("start %s: %w", file, err)
}
