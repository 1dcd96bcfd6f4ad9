// Package device finds NVIDIA GPUs by asking nvidia-smi, which comes with their driver: no cgo, no library to link. It
// opens no device. Start with [Cards].
package device

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Card is a GPU, in the order by which CUDA_VISIBLE_DEVICES counts them.
type Card struct {
	Name        string // as its maker says: "NVIDIA H100 80GB HBM3"
	MemoryBytes int64
	Driver      string // its version
}

// patience bounds how long nvidia-smi may take: a card that hangs mustn't hang whoever asks.
const patience = 10 * time.Second

// Cards lists this machine's GPUs, none where there is no nvidia-smi. The error is of one that doesn't work, in its words.
func Cards(ctx context.Context) ([]Card, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, broken(string(out), err)
	}
	return parse(string(out))
}

// broken says in both languages what nvidia-smi says in its own.
func broken(out string, err error) error {
	words := strings.Join(strings.Fields(out), " ")
	if words == "" {
		words = err.Error()
	}
	return spec.Say("nvidia-smi finds no GPU that works (%s); see to the driver", "nvidia-smi で使える GPU が見つかりません（%s）。ドライバーを確かめてください", words)
}

// parse reads one card a line: name, MiB, driver.
func parse(out string) ([]Card, error) {
	var cards []Card
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), ", ")
		if len(fields) != 3 {
			return nil, broken(out, fmt.Errorf("%d fields", len(fields)))
		}
		mib, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			mib = 0 // some cards that share the host's memory don't say
		}
		cards = append(cards, Card{Name: fields[0], MemoryBytes: mib << 20, Driver: fields[2]})
	}
	return cards, nil
}
