package batch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/engine"
)

// job is one submission.
type job struct {
	name    string
	dir     string   // the attempt's folder
	script  string   // what it runs, in that folder; "" for the standard input
	exclude []string // nodes
}

// scriptFile is where an attempt's folder has the script of its job, and logFile what that said before exec took over.
const (
	scriptFile = "job.sh"
	logFile    = engine.JobLog
)

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
