package batch

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/haigo-lab/haigo/services/engine"
)

// pbs speaks to PBS and its kin by qsub, qstat and qdel. qstat's words for an end, and the exit statuses that some of them
// show, aren't read: how an attempt ended is in its folder.
type pbs struct {
	*PBS
	commands
}

// unknownJob is the last byte of PBSE_UNKJOBID, 15001: qstat's status where there is no job.
const unknownJob = 15001 & 0xff

func (*pbs) name() string { return "pbs" }

// jobName has 15 characters, which every PBS takes; a key's digest tells keys apart.
func (*pbs) jobName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "haigo" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:10])
}

func (*pbs) excludes() bool { return false }

// submit asks not to be run again; the job's own output goes beside the attempt's.
func (p *pbs) submit(j job) []string {
	argv := []string{"qsub", "-N", j.name, "-r", "n", "-o", j.file(logFile), "-e", j.file(engine.JobErrors), "-m", "n"}
	chunk := p.Select
	if chunk == "" {
		chunk = fmt.Sprintf("1:ncpus=%d", p.CPUs)
	}
	argv = append(argv, "-l", "select="+chunk)
	if p.TimeLimit > 0 {
		s := int(p.TimeLimit.Seconds())
		argv = append(argv, "-l", fmt.Sprintf("walltime=%02d:%02d:%02d", s/3600, s/60%60, s%60))
	}
	for _, option := range []struct{ flag, value string }{{"-q", p.Queue}, {"-P", p.Project}} {
		if option.value != "" {
			argv = append(argv, option.flag, option.value)
		}
	}
	if p.Group != "" {
		argv = append(argv, "-W", "group_list="+p.Group)
	}
	argv = append(argv, p.Options...)
	if j.script == "" {
		return argv
	}
	return append(argv, j.script)
}

// misreads: qsub and what it hands the paths to split them at spaces and commas, and cut them at colons.
func (*pbs) misreads(dir string) bool { return !plain(dir) }

// submitted reads 1234.server.
func (*pbs) submitted(stdout string) (string, error) {
	id := lastLine(stdout, func(line string) bool {
		number, server, _ := strings.Cut(line, ".")
		return isNumber(number) && !strings.ContainsAny(server, " \t")
	})
	if id == "" {
		return "", fmt.Errorf("qsub printed %q in place of a job's id", stdout)
	}
	return id, nil
}

func (*pbs) cancel(id string) []string { return []string{"qdel", id} }

// list reads qstat's long form: it shows other users' jobs too, whose names aren't ours.
func (p *pbs) list(ctx context.Context) ([]report, error) {
	out, err := p.run(ctx, []string{"qstat", "-f"}, "")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == unknownJob {
		return nil, nil
	}
	return pbsReports(out), err
}

// pbsReports reads blocks that begin with "Job Id:". Long values go on in further lines, of which none that is read here
// needs any.
func pbsReports(out string) (reports []report) {
	var r *report
	for text := range strings.Lines(out) {
		text = strings.TrimSpace(text)
		if id, begins := strings.CutPrefix(text, "Job Id:"); begins {
			reports = append(reports, report{id: strings.TrimSpace(id), word: running})
			r = &reports[len(reports)-1]
			continue
		}
		key, value, ok := strings.Cut(text, " = ")
		if !ok || r == nil {
			continue
		}
		switch key {
		case "Job_Name":
			r.name = value
		case "job_state":
			r.word, r.reason = pbsWord(value), value
		case "Exit_status":
			r.reason += ", exit status " + value
		case "exec_host":
			r.node, _, _ = strings.Cut(value, "/")
		}
	}
	return reports
}

func pbsWord(state string) word {
	switch state {
	case "Q", "H", "W", "T", "M":
		return waiting
	case "C", "F", "X":
		return over
	}
	return running // R, E, S, U, B
}

// history asks for single jobs: a finished one is shown by -x on PBS Pro, and to nobody elsewhere.
func (p *pbs) history(ctx context.Context, ids []string) ([]report, error) {
	var reports []report
	for _, id := range ids {
		out, err := p.run(ctx, []string{"qstat", "-x", "-f", id}, "")
		if errors.Is(err, engine.ErrAway) {
			return reports, err
		}
		if err == nil { // an error says that it isn't known, or that there is no -x: which proves nothing
			reports = append(reports, pbsReports(out)...)
		}
	}
	return reports, nil
}

// find looks among finished jobs too, where the system keeps some.
func (p *pbs) find(ctx context.Context, name string) ([]report, error) {
	out, err := p.run(ctx, []string{"qstat", "-x", "-f"}, "")
	if err != nil && !errors.Is(err, engine.ErrAway) {
		return nil, nil
	}
	return pbsReports(out), err
}

// examine can't try a submission: PBS has no command for that.
func (p *pbs) examine(ctx context.Context, _ string) (string, error) {
	reports, err := p.list(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("qstat answers, with %d jobs; end states are read from the attempts' folders", len(reports)), nil
}
