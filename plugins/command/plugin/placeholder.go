package plugin

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// placeholder is {name}; anything else in braces, as JSON is, stays as it stands. {{name}} stands for {name}.
var placeholder = regexp.MustCompile(`\{?\{[a-z_]+\}\}?`)

// placeholders are the names there are, in the order in which they are explained to a person.
var placeholders = []string{
	"dir", "spec", "events", "rows", "prepared", "checkpoints", "run", "attempt", "resume", "start_step", "steps",
	"batch_rows", "row_tokens", "log_every", "eval_every", "checkpoint_every", "threads", "precision", "here", "name", "version",
}

func checkWord(word string) error {
	if strings.ContainsRune(word, 0) {
		return spec.Say("holds a zero byte", "ゼロバイトが含まれています")
	}
	var err error
	fill(word, func(name string) string {
		for _, known := range placeholders {
			if name == known {
				return ""
			}
		}
		err = spec.Say("there is no placeholder {%s}; there are %s. Double the braces for the text itself",
			"{%s} という置き換えはありません。使えるのは %s です。そのままの文字にするときは波括弧を二重にしてください", name, strings.Join(placeholders, ", "))
		return ""
	})
	return err
}

// shells are programs that read the word after -c as code.
var shells = []string{"sh", "bash", "dash", "zsh", "ksh", "ash", "fish"}

// shellCode is which word of a command a shell reads as code; -1: none.
func shellCode(command []string) int {
	for i, word := range command {
		if !slices.Contains(shells, filepath.Base(word)) {
			continue
		}
		if code := codeWord(command[i+1:]); code >= 0 {
			return i + 1 + code
		}
		return -1
	}
	return -1
}

// codeWord is which of a shell's arguments it reads as code; -1: none. The first that is no option, nor an option's value, is
// that where an option asks for it, and else a script's file.
func codeWord(arguments []string) int {
	asked, values := false, 0
	for i, word := range arguments {
		switch {
		case values > 0:
			values--
		case word == "--" || word == "-":
			if asked && i+1 < len(arguments) {
				return i + 1
			}
			return -1
		case word == "--rcfile" || word == "--init-file":
			values = 1
		case strings.HasPrefix(word, "--"):
			name, _, here := strings.Cut(word, "=")
			command := name == "--command" || name == "--init-command" // fish's
			if command && here {
				return i
			}
			asked = asked || command
		case strings.HasPrefix(word, "-"), strings.HasPrefix(word, "+"):
			asked = asked || word[0] == '-' && strings.ContainsRune(word, 'c')
			values = strings.Count(strings.ToLower(word), "o") // -o pipefail, +O extglob
		case asked:
			return i
		default:
			return -1
		}
	}
	return -1
}

// asksFor is a placeholder that a word has; "": none.
func asksFor(word string) (first string) {
	fill(word, func(name string) string { first = name; return "" })
	return first
}

// fill replaces every placeholder of a word.
func fill(word string, value func(name string) string) string {
	return placeholder.ReplaceAllStringFunc(word, func(found string) string {
		if strings.HasPrefix(found, "{{") && strings.HasSuffix(found, "}}") {
			return found[1 : len(found)-1]
		}
		name := strings.Trim(found, "{}")
		before, after, _ := strings.Cut(found, "{"+name+"}")
		return before + value(name) + after
	})
}

// values is what the placeholders stand for in an attempt.
func (p *Plugin) values(f *File, a trainer.Assignment) map[string]string {
	s := a.Spec
	v := map[string]string{
		"dir": a.Dir, "spec": filepath.Join(a.Dir, spec.SpecFile), "events": filepath.Join(a.Dir, spec.EventsFile),
		"rows": a.Rows, "prepared": filepath.Join(a.Dir, "prepared"), "checkpoints": spec.CheckpointsDir(filepath.Dir(a.Dir)),
		"run": s.RunID, "attempt": strconv.Itoa(s.Attempt), "resume": "", "start_step": "0", "steps": number(s.Steps),
		"batch_rows": strconv.Itoa(s.BatchRows), "row_tokens": strconv.Itoa(s.RowTokens), "log_every": number(s.Log.Every()),
		"eval_every": number(s.Eval.EverySteps), "checkpoint_every": number(s.Checkpoint.EverySteps),
		"threads": strconv.Itoa(max(1, s.Resources.Threads)), "precision": s.Precision,
		"here": filepath.Dir(p.file), "name": p.name, "version": f.version(),
	}
	if r := s.Checkpoint.ResumeFrom; r != nil {
		v["resume"], v["start_step"] = spec.Resolve(a.Dir, r.Path), number(r.Step)
	}
	return v
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
