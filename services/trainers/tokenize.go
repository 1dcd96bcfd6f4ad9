package trainers

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

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Tokenize has a trainer's program make what an order asks for, which may take minutes, and returns when it is there. What the
// program says is wrong is an *ablation.Refusal.
func (h *Host) Tokenize(ctx context.Context, name string, o spec.TokenizerOrder) error {
	about, err := h.Describe(ctx, name)
	if err != nil {
		return err
	}
	if len(about.Tokenize) == 0 {
		return ablation.Conflict("trainer %s reads bytes only", "トレーナー %s はバイトだけを読みます", name)
	}
	path := o.Dir + ".order.json"
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), spec.WriteFile(path, o)); err != nil {
		return fmt.Errorf("order a tokenizer: %w", err)
	}
	argv := append(append([]string{}, about.Tokenize...), path)
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = inherited()
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(syscall.SIGTERM) }, leaveWithin
	out, err := c.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && ctx.Err() == nil {
		return refused(out, failed)
	}
	if err := errors.Join(ctx.Err(), err); err != nil {
		return fmt.Errorf("trainer %s makes a tokenizer: %w", name, err)
	}
	return nil
}

// leaveWithin is how long the program may take to leave, and to end what it started.
const leaveWithin = 15 * time.Second

// refused is the reason in the last line of a program's output.
func refused(out []byte, failed *exec.ExitError) error {
	out = bytes.TrimSpace(out)
	var words struct{ EN, JA string }
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &words); err == nil && words.EN != "" {
		return &ablation.Refusal{Kind: ablation.ErrConflict, Message: ablation.Label{EN: words.EN, JA: words.JA}}
	}
	said := strings.TrimSpace(string(failed.Stderr))
	return fmt.Errorf("the program that makes tokenizers failed: %w: %s", failed, said[max(0, len(said)-300):])
}
