package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// contender is a process that makes steps, and what it has shown so far.
type contender struct {
	name    string
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	seconds []float64 // of each turn
	losses  []float64 // of each step
	memory  int64     // most resident bytes, 0 where the system doesn't tell
}

func start(name string, argv ...string) (*contender, error) {
	c := &contender{name: name, command: exec.Command(argv[0], argv[1:]...)}
	c.command.Stderr = os.Stderr
	in, err := c.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.out = in, bufio.NewReader(out)
	return c, c.command.Start()
}

// turn makes the contender do some steps.
func (c *contender) turn(steps int) (turn, error) {
	var t turn
	if _, err := fmt.Fprintln(c.in, steps); err != nil {
		return t, fmt.Errorf("%s: %w", c.name, err)
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return t, fmt.Errorf("%s gave no answer: %w", c.name, err)
	}
	return t, json.Unmarshal(line, &t)
}

func (c *contender) play(steps int) error {
	t, err := c.turn(steps)
	if err != nil {
		return err
	}
	c.seconds = append(c.seconds, t.Seconds)
	c.losses = append(c.losses, t.Losses...)
	return nil
}

// leave ends the process.
func (c *contender) leave() error {
	c.memory = peakMemory(c.command.Process.Pid)
	_ = c.in.Close()
	return c.command.Wait()
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

func peakMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	match := highWater.FindSubmatch(status)
	if match == nil {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes << 10
}
