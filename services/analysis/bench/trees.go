package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// trees are LightGBM's boosted trees, as RegMix takes them, in a Python of their own: no Go library trains them.
type trees struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

//go:embed trees.py
var treesProgram string

// startTrees starts a Python that has LightGBM; nil where there is none.
func startTrees(python string) (*trees, error) {
	if _, err := exec.LookPath(python); err != nil {
		fmt.Println("\nnot run: boosted trees, for there is no Python with LightGBM (make bench-analysis brings one where PyPI can be reached)")
		return nil, nil
	}
	t := &trees{cmd: exec.Command(python, "-c", treesProgram)}
	t.cmd.Stderr = os.Stderr
	var err error
	if t.in, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.out = bufio.NewReader(out)
	return t, t.cmd.Start()
}

// predict fits every metric to the training runs and says what the test runs would score.
func (t *trees) predict(train, test table.Table) (func(run, metric int) float64, error) {
	asked := struct {
		X    [][]float64 `json:"x"`
		Y    [][]float64 `json:"y"`
		Test [][]float64 `json:"test"`
	}{}
	for _, r := range train.Runs {
		asked.X, asked.Y = append(asked.X, r.Shares[0]), append(asked.Y, r.Values)
	}
	for _, r := range test.Runs {
		asked.Test = append(asked.Test, r.Shares[0])
	}
	if err := json.NewEncoder(t.in).Encode(asked); err != nil {
		return nil, fmt.Errorf("ask the boosted trees: %w", err)
	}
	line, err := t.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("hear the boosted trees: %w", err)
	}
	var said [][]float64
	if err := json.Unmarshal(line, &said); err != nil {
		return nil, fmt.Errorf("understand the boosted trees: %w", err)
	}
	return func(i, k int) float64 { return said[i][k] }, nil
}

func (t *trees) close() error {
	if err := t.in.Close(); err != nil {
		return err
	}
	return t.cmd.Wait()
}
