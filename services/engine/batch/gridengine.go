package batch

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/haigo-lab/haigo/services/engine"
)

// gridEngine speaks to Grid Engine by qsub, qstat, qacct and qdel. Its accounting knows that a job ended; how, its folder says.
type gridEngine struct {
	*GridEngine
	commands
}

func (*gridEngine) name() string { return "gridengine" }

func (*gridEngine) jobName(key string) string { return "haigo-" + key }

func (*gridEngine) excludes() bool { return false }

// submit asks not to be run again; what the script says before exec takes over goes beside the attempt's logs.
func (g *gridEngine) submit(j job) []string {
	argv := []string{"qsub", "-terse", "-N", j.name, "-r", "n", "-m", "n", "-S", "/bin/sh", "-wd", j.folder(), "-j", "y", "-o", j.file(logFile)}
	if g.TimeLimit > 0 {
		s := int(g.TimeLimit.Seconds())
		argv = append(argv, "-l", fmt.Sprintf("h_rt=%d:%02d:%02d", s/3600, s/60%60, s%60))
	}
	for _, r := range g.Resources {
		argv = append(argv, "-l", r)
	}
	if g.Parallel != "" {
		argv = append(argv, "-pe", g.Parallel, fmt.Sprint(g.CPUs))
	}
	for _, option := range []struct{ flag, value string }{{"-q", g.Queue}, {"-P", g.Project}} {
		if option.value != "" {
			argv = append(argv, option.flag, option.value)
		}
	}
	argv = append(argv, g.Options...)
	if j.script == "" {
		return argv
	}
	return append(argv, j.script)
}

// misreads: a path is read as a list at commas, with a host before a colon, and with variables behind a dollar.
func (*gridEngine) misreads(dir string) bool { return !plain(dir) }

// submitted reads the number, which some sites print lines before.
func (*gridEngine) submitted(stdout string) (string, error) {
	id := lastLine(stdout, isNumber)
	if id == "" {
		return "", fmt.Errorf("qsub printed %q in place of a job's number", stdout)
	}
	return id, nil
}

func (*gridEngine) cancel(id string) []string { return []string{"qdel", id} }

// list reads qstat's XML, for its tables cut names short. Ended jobs aren't in it.
func (g *gridEngine) list(ctx context.Context) ([]report, error) {
	out, err := g.run(ctx, []string{"qstat", "-xml"}, "")
	if err != nil {
		return nil, err
	}
	return gridReports(out)
}

// gridReports reads the job_list elements, wherever a version has them. A login shell's words may stand before the document.
func gridReports(out string) (reports []report, err error) {
	out = out[max(0, strings.Index(out, "<?xml")):]
	in := xml.NewDecoder(strings.NewReader(out))
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return reports, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: what qstat -xml printed isn't whole: %w", engine.ErrAway, err)
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "job_list" {
			continue
		}
		var j struct {
			Number string `xml:"JB_job_number"`
			Name   string `xml:"JB_name"`
			State  string `xml:"state"`
			Queue  string `xml:"queue_name"`
		}
		if err := in.DecodeElement(&j, &element); err != nil {
			return nil, fmt.Errorf("%w: what qstat -xml printed isn't whole: %w", engine.ErrAway, err)
		}
		_, node, _ := strings.Cut(j.Queue, "@")
		reports = append(reports, report{id: strings.TrimSpace(j.Number), name: j.Name, word: gridWord(j.State), node: node, reason: j.State})
	}
}

// gridWord reads a state's letters. One in error stands in the queue for ever: it is over.
func gridWord(state string) word {
	switch {
	case strings.Contains(state, "E"):
		return over
	case strings.ContainsAny(state, "qwh"):
		return waiting
	}
	return running // r, t, R, s, S, T, and d before any of them
}

// history asks the accounting for single jobs. An error says that one isn't known, or that none is kept: which proves nothing.
func (g *gridEngine) history(ctx context.Context, ids []string) ([]report, error) {
	var reports []report
	for _, id := range ids {
		found, err := g.find(ctx, id)
		if errors.Is(err, engine.ErrAway) {
			return reports, err
		}
		reports = append(reports, found...)
	}
	return reports, nil
}

// find looks a name or a number up in the accounting.
func (g *gridEngine) find(ctx context.Context, job string) ([]report, error) {
	out, err := g.run(ctx, []string{"qacct", "-j", job}, "")
	if err != nil && !errors.Is(err, engine.ErrAway) {
		return nil, nil
	}
	return gridAccounts(out), err
}

// gridAccounts reads blocks of a key and a value a line, each begun by a line of equals signs.
func gridAccounts(out string) (reports []report) {
	for text := range strings.Lines(out) {
		if strings.HasPrefix(text, "====") {
			reports = append(reports, report{word: over})
			continue
		}
		key, value, _ := strings.Cut(strings.TrimSpace(text), " ")
		if value = strings.TrimSpace(value); len(reports) == 0 {
			continue
		}
		switch r := &reports[len(reports)-1]; key {
		case "jobnumber":
			r.id = value
		case "jobname":
			r.name = value
		case "hostname":
			r.node = value
		case "failed", "exit_status":
			r.reason = strings.TrimSpace(r.reason + " " + key + " " + value)
		}
	}
	return reports
}

// examine has a job of the template's form verified, not submitted.
func (g *gridEngine) examine(ctx context.Context, script string) (string, error) {
	reports, err := g.list(ctx)
	if err != nil {
		return "", err
	}
	if _, err := g.run(ctx, append(g.submit(job{name: "haigo-doctor", dir: "/"}), "-w", "v"), script); err != nil {
		return "", err
	}
	return fmt.Sprintf("qstat answers, with %d jobs; end states are read from the attempts' folders", len(reports)), nil
}
