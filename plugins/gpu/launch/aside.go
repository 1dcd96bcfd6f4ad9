package launch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/haigo-lab/haigo/plugins/gpu/runner"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Tokenizer makes what the order at a path asks for; its error is in both languages.
func Tokenizer(ctx context.Context, program, order string) error {
	return aside(ctx, program, runner.Learn, order)
}

// open is the Python environment of a program, the folder of what it caches, and main.py.
func open(program string) (env *venv.Environment, cache, main string, err error) {
	if env, err = venv.Open(venv.Beside(program)); err != nil {
		return nil, "", "", err
	}
	if cache, err = cacheDir(); err != nil {
		return nil, "", "", err
	}
	main, err = runner.Unpack(cache)
	return env, cache, main, err
}

// grace is how long a program may take to leave once it was asked to.
const grace = 10 * time.Second

// aside runs an entry of the program in Python beside the one that trains, which has an end.
func aside(ctx context.Context, program, entry string, args ...string) error {
	env, _, main, err := open(program)
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, env.Python, append([]string{"-s", "-E", filepath.Join(filepath.Dir(main), entry)}, args...)...)
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(syscall.SIGTERM) }, grace
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	err = c.Run()
	_, _ = os.Stderr.Write(stderr.Bytes()) // for the attempt's log
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && ctx.Err() == nil {
		return said(out.Bytes(), failed)
	}
	return errors.Join(ctx.Err(), err)
}

// said is the reason that a program gave in its last line.
func said(out []byte, failed *exec.ExitError) error {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var words struct{ EN, JA string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &words); err != nil || words.EN == "" {
		return fmt.Errorf("the program beside the one that trains ended: %w", failed)
	}
	return spec.Say("%[1]s", "%[2]s", words.EN, words.JA)
}
