package batch

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/engine"
)

// job is one submission.
type job struct {
	name    string
	dir     string   // the attempt's folder; "" where it is kept from the system
	script  string   // what it runs, in that folder; "" for the standard input
	exclude []string // nodes
}

// scriptFile is where an attempt's folder has the script of its job, and logFile what that said before exec took over.
const (
	scriptFile = "job.sh"
	logFile    = engine.JobLog
)

// folder is where the job begins.
func (j job) folder() string { return cmp.Or(j.dir, "/") }

// file is where the system writes what the job says.
func (j job) file(name string) string {
	if j.dir == "" {
		return os.DevNull
	}
	return filepath.Join(j.dir, name)
}

// plainest are the characters of a path that mean nothing to a batch system but themselves.
const plainest = "/._-+0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func plain(path string) bool {
	return !strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(plainest, r) })
}

// aside is a script that writes what it says into a folder by itself.
func aside(script, dir string) string {
	return strings.Replace(script, "\n", fmt.Sprintf("\nexec >>%s 2>&1\n", quote(filepath.Join(dir, logFile))), 1)
}

// untried are what a script does that nobody knows to work before it ran on a node.
func (j Jobs) untried() (what []string) {
	if len(j.Modules) > 0 {
		what = append(what, "module load "+strings.Join(j.Modules, " "))
	}
	if j.Setup != "" {
		what = append(what, "setup")
	}
	if len(j.Container) > 0 {
		what = append(what, "container")
	}
	return append(what, "whether nodes see "+j.Program+" and the data folder")
}

// script is what a job runs: the site's preparations, then exec in their place, so that signals reach it.
func (j Jobs) script(program, dir string) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	if len(j.Modules) > 0 {
		b.WriteString("command -v module >/dev/null 2>&1 || . /etc/profile\n")
		fmt.Fprintf(&b, "module load %s || exit 1\n", line(j.Modules))
	}
	for _, name := range slices.Sorted(maps.Keys(j.Env)) {
		fmt.Fprintf(&b, "export %s=%s\n", name, quote(j.Env[name]))
	}
	if j.Setup != "" {
		b.WriteString(strings.TrimRight(j.Setup, "\n") + "\n")
	}
	argv := append(slices.Clone(j.Container), program, "exec", "--dir", dir)
	if j.TimeLimit > 0 {
		argv = append(argv, "--leave-after", (j.TimeLimit - j.LeaveBefore).String())
	}
	fmt.Fprintf(&b, "exec %s\n", line(argv))
	return b.String()
}
