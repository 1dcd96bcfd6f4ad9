package schedules

import (
	"embed"
	"strings"
)

// FS holds the files, at the top level.
//
//go:embed *.yaml
var FS embed.FS

// Example is one of the files.
type Example struct {
	Name    string // of the file, without .yaml
	TitleEN string
	TitleJA string
	Text    string // the whole file
}

// List is every example, the demo first, then from the simplest to the most particular.
func List() ([]Example, error) {
	var out []Example
	for _, name := range []string{"demo", "demo-quick", "calm-7b", "ja-grid", "en-then-ja-step", "en-then-ja-ramp", "when-to-switch", "en-base", "ja-continued", "decay-branch", "tune-full-lora", "size-ladder", "five-swarm", "ja-adaptive", "nightly"} {
		data, err := FS.ReadFile(name + ".yaml")
		if err != nil {
			return nil, err
		}
		text := string(data)
		en, rest, _ := strings.Cut(text, "\n")
		ja, _, _ := strings.Cut(rest, "\n")
		out = append(out, Example{Name: name, TitleEN: title(en), TitleJA: title(ja), Text: text})
	}
	return out, nil
}

func title(line string) string { return strings.TrimSpace(strings.TrimPrefix(line, "#")) }
