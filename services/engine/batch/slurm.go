package batch

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/haigo-lab/haigo/services/engine"
)

// slurm speaks to Slurm. Text formats are asked for, which have kept their shape where its JSON hasn't.
type slurm struct {
	*Slurm
	commands
	accountless atomic.Bool // sacct said that nothing is kept
}

func (*slurm) name() string { return "slurm" }

func (*slurm) jobName(key string) string { return "haigo-" + key }

func (*slurm) excludes() bool { return true }

// submit asks not to be requeued: a requeued job would train in the folder of an attempt that was given up.
func (s *slurm) submit(j job) []string {
	options, excluded := splitExcluded(s.Options)
	argv := []string{
		"sbatch", "--parsable", "--no-requeue", "--job-name", j.name, "--chdir", j.folder(), "--output", slurmLog(j), "--open-mode=append",
		"--ntasks=1", fmt.Sprintf("--cpus-per-task=%d", s.CPUs),
	}
	for _, option := range []struct{ flag, value string }{
		{"--partition", s.Partition},
		{"--account", s.Account},
		{"--qos", s.QOS},
		{"--gres", s.GRES},
		{"--mem", s.Memory},
		{"--exclude", strings.Join(append(excluded, j.exclude...), ",")},
	} {
		if option.value != "" {
			argv = append(argv, option.flag+"="+option.value)
		}
	}
	if s.TimeLimit > 0 {
		argv = append(argv, fmt.Sprintf("--time=%d", int((s.TimeLimit+59e9)/60e9)))
	}
	argv = append(argv, options...)
	if j.script == "" {
		return argv
	}
	return append(argv, j.script)
}

// slurmLog is where a job's own output goes: in its folder, whose name Slurm would read as a pattern where it has a %.
func slurmLog(j job) string {
	if j.dir != "" && !strings.Contains(j.dir, "%") {
		return logFile
	}
	return strings.ReplaceAll(j.file(logFile), "%", "%%")
}

// misreads: in the name of an output a backslash keeps what follows from being a pattern, and goes.
func (*slurm) misreads(dir string) bool { return strings.Contains(dir, `\`) }

// splitExcluded takes the nodes that a site's own options exclude out of these: sbatch goes by the last --exclude alone.
func splitExcluded(options []string) (others, nodes []string) {
	for i := 0; i < len(options); i++ {
		option := options[i]
		switch value, long := strings.CutPrefix(option, "--exclude="); {
		case long:
			nodes = append(nodes, value)
		case (option == "--exclude" || option == "-x") && i+1 < len(options):
			i++
			nodes = append(nodes, options[i])
		case strings.HasPrefix(option, "-x") && option != "-x":
			nodes = append(nodes, strings.TrimPrefix(option, "-x"))
		default:
			others = append(others, option)
		}
	}
	return others, nodes
}

// submitted reads ID or ID;CLUSTER.
func (*slurm) submitted(stdout string) (string, error) {
	id, _, _ := strings.Cut(lastLine(stdout, func(line string) bool {
		id, _, _ := strings.Cut(line, ";")
		return isNumber(id)
	}), ";")
	if id == "" {
		return "", fmt.Errorf("sbatch printed %q in place of a job's number", stdout)
	}
	return id, nil
}

func (*slurm) cancel(id string) []string { return []string{"scancel", id} }

// list shows jobs that ended a while ago too, until the controller forgets them.
func (s *slurm) list(ctx context.Context) ([]report, error) {
	out, err := s.run(ctx, []string{"squeue", "--noheader", "--me", "--states=all", "--format=%i|%T|%N|%r|%j"}, "")
	if err != nil {
		return nil, err
	}
	return slurmReports(out), nil
}

// slurmReports reads lines of id|state|node|reason|name; a name may hold the separator.
func slurmReports(out string) (reports []report) {
	for text := range strings.Lines(out) {
		f := strings.SplitN(strings.TrimSpace(text), "|", 5)
		if len(f) < 5 {
			continue
		}
		reports = append(reports, report{id: f[0], name: f[4], word: slurmWord(f[1]), node: slurmNode(f[2]), reason: strings.TrimPrefix(f[1]+" "+f[3], " ")})
	}
	return reports
}

// slurmWord reads a state; sacct's may have more words: CANCELLED by 0.
func slurmWord(state string) word {
	first, _, _ := strings.Cut(state, " ")
	switch strings.TrimSuffix(first, "+") {
	case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD":
		return waiting
	case "RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "STOPPED", "SUSPENDED", "RESIZING":
		return running
	case "NODE_FAIL", "BOOT_FAIL":
		return failing
	}
	return over // COMPLETED, FAILED, CANCELLED, TIMEOUT, OUT_OF_MEMORY, PREEMPTED, DEADLINE, REVOKED, and what comes
}

func slurmNode(name string) string {
	if name == "None assigned" || name == "(null)" || strings.ContainsAny(name, "[,") {
		return ""
	}
	return name
}

// history asks the accounting, and the controller of jobs that it doesn't tell of: it may be behind, away, or not kept at all.
func (s *slurm) history(ctx context.Context, ids []string) ([]report, error) {
	reports, _ := s.account(ctx, "--jobs="+strings.Join(ids, ",")) // an error tells of no job; the controller is asked all the same
	for _, id := range ids {
		if slices.ContainsFunc(reports, func(r report) bool { return r.id == id }) {
			continue
		}
		out, err := s.run(ctx, []string{"scontrol", "--oneliner", "show", "job", id}, "")
		if errors.Is(err, engine.ErrAway) {
			return reports, err
		}
		if err == nil { // an error says that it isn't known, which proves nothing
			reports = append(reports, slurmShown(id, out))
		}
	}
	return reports, nil
}

// slurmShown reads KEY=VALUE pairs.
func slurmShown(id, out string) report {
	r := report{id: id, word: over}
	for _, field := range strings.Fields(out) {
		switch key, value, _ := strings.Cut(field, "="); key {
		case "JobName":
			r.name = value
		case "JobState":
			r.word, r.reason = slurmWord(value), value
		case "NodeList":
			r.node = slurmNode(value)
		}
	}
	return r
}

func (s *slurm) find(ctx context.Context, name string) ([]report, error) {
	return s.account(ctx, "--name="+name)
}

// account asks sacct; a site without accounting knows nothing.
func (s *slurm) account(ctx context.Context, which string) ([]report, error) {
	if s.accountless.Load() {
		return nil, nil
	}
	out, err := s.run(ctx, []string{
		"sacct", "--allocations", "--parsable2", "--noheader", "--duplicates", "--starttime=now-30days", "--format=jobid,state,nodelist,exitcode,jobname%200", which,
	}, "")
	if err != nil && (strings.Contains(err.Error(), "storage is disabled") || errors.Is(err, exec.ErrNotFound)) {
		s.accountless.Store(true)
		return nil, nil
	}
	return slurmReports(out), err
}

// examine asks for a job of the template's form to be tried, not submitted.
func (s *slurm) examine(ctx context.Context, script string) (string, error) {
	version, err := s.run(ctx, []string{"sinfo", "--version"}, "")
	if err != nil {
		return "", err
	}
	if _, err := s.list(ctx); err != nil {
		return "", err
	}
	argv := append(s.submit(job{name: "haigo-doctor", dir: "/"}), "--test-only")
	if _, err := s.run(ctx, argv, script); err != nil {
		return "", err
	}
	const without = "without accounting%s: jobs that the controller forgets end by their exit.json"
	kept := "with accounting"
	if _, err := s.find(ctx, "haigo-doctor"); err != nil {
		kept = fmt.Sprintf(without, " ("+err.Error()+")")
	} else if s.accountless.Load() {
		kept = fmt.Sprintf(without, "")
	}
	version = lastLine(version, func(line string) bool { return strings.HasPrefix(line, "slurm") })
	return version + ", " + kept, nil
}
