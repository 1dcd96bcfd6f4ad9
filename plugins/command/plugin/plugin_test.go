package plugin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/command/plugin"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/spec/spectest"
	"github.com/haigo-lab/haigo/plugins/trainer/trainertest"
)

// open is the trainer "mine" that a description makes, over real gRPC.
func open(t *testing.T, description string) (client trainer.Trainer, folder string) {
	t.Helper()
	folder = t.TempDir()
	file := filepath.Join(folder, "mine.yaml")
	if err := os.WriteFile(file, []byte(description), 0o644); err != nil {
		t.Fatal(err)
	}
	return trainertest.Open(t, plugin.New("/opt/haigo-command", "mine", file)), folder
}

func assignment(from *spec.Resume) trainer.Assignment {
	s := spectest.Spec()
	s.Checkpoint.ResumeFrom = from
	return trainer.Assignment{Spec: s, Dir: "/data/runs/r/attempt-0002", Rows: "/data/rows"}
}

// TestPlan_PlaceholdersAreData: what a placeholder holds stays one word, and no shell reads it.
func TestPlan_PlaceholdersAreData(t *testing.T) {
	t.Parallel()
	client, folder := open(t, `
command: [/bin/echo, "{resume}", "--spec={spec}", '{"json": [1]}', "{{steps}}", "{steps}/{start_step}", "$(rm -rf x); {name}", "{here}/train.py"]
dir: code
env: {OUT: "{checkpoints}"}
prepare: true
`)
	a := assignment(&spec.Resume{Step: 5, Path: "../checkpoints/a b'c$(d)"})
	got, err := client.Plan(t.Context(), []trainer.Assignment{a})
	if err != nil {
		t.Fatal(err)
	}
	want := trainer.Plan{Parts: []spec.Part{
		{Name: "prepare", Argv: []string{"/opt/haigo-command", "prepare", "--rows", "/data/rows"}, Dir: ".", StartStep: 5, EndStep: 5},
		{
			Name: "command", Dir: filepath.Join(folder, "code"), StartStep: 5, EndStep: a.Spec.Steps,
			Env: map[string]string{"OUT": "/data/runs/r/checkpoints"},
			Argv: []string{
				"/bin/echo", "/data/runs/r/checkpoints/a b'c$(d)", "--spec=/data/runs/r/attempt-0002/spec.json", `{"json": [1]}`, "{steps}",
				"20/5", "$(rm -rf x); mine", filepath.Join(folder, "train.py"),
			},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPlan_FindsPrograms(t *testing.T) {
	t.Parallel()
	client, folder := open(t, "command: [train]\nenv: {PATH: \"/nowhere:{here}\"}\n")
	if _, err := client.Plan(t.Context(), []trainer.Assignment{assignment(nil)}); err == nil || !strings.Contains(err.Error(), "give its absolute path") {
		t.Errorf("a program that isn't there: %v", err)
	}
	program := filepath.Join(folder, "train")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := client.Plan(t.Context(), []trainer.Assignment{assignment(nil)})
	if err != nil || got.Parts[0].Argv[0] != program {
		t.Errorf("got %v, %v, want %s", got.Parts, err, program)
	}
}

// TestDescribe_NoProgram: a program that the PATH lacks is said in both languages before anybody trains with it; one with a
// folder may be on other machines.
func TestDescribe_NoProgram(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(missing, []byte("command: [torchrun-of-nobody, train.py]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := plugin.New("/opt/haigo-command", "mine", missing).Describe(t.Context())
	if err == nil || !strings.Contains(err.Error(), "there is no program torchrun-of-nobody on the PATH") || !strings.Contains(spec.InJapanese(err), "プログラム") {
		t.Errorf("a program that isn't there: %v", err)
	}
	client, _ := open(t, "command: [/apps/of/nodes/train]\n")
	d, err := client.Describe(t.Context())
	if err != nil || len(d.Devices) == 0 || !strings.Contains(d.Absent, "/apps/of/nodes/train isn't a program on this machine") || d.AbsentJA == "" {
		t.Errorf("a program of other machines: %+v, %v", d, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	client, _ := open(t, `
command: [/bin/true]
version: "7"
deterministic: true
precisions: [bf16]
devices: [{name: H100, memory: 85899345920}]
shapes: [{name: 125m, layers: 12, width: 768, heads: 12, ffn: 2048, peak_lr: 6e-4}]
`)
	got, err := client.Describe(t.Context())
	want := trainer.Description{
		Name: "mine", Version: "7", NativeSchedules: true, Unit: "row", Deterministic: true, Precisions: []string{"bf16"},
		Devices: []trainer.Device{{Name: "H100", MemoryBytes: 80 << 30}},
		Shapes: []trainer.Shape{{Name: "125m", PeakLR: 6e-4, Model: spec.Model{
			Layers: 12, Width: 768, Heads: 12, KVHeads: 12, FFN: 2048, Vocab: 257, Tied: true, RopeBase: 10000, NormEps: 1e-5,
		}}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
}

// TestCheck_RefusesWhatTheCommandCannotDo: the file says what can be asked of it.
func TestCheck_RefusesWhatTheCommandCannotDo(t *testing.T) {
	t.Parallel()
	client, _ := open(t, "command: [/bin/true]\nprecisions: [fp32]\n")
	from := int64(3)
	for field, change := range map[string]func(s *spec.Spec){
		"init":          func(s *spec.Spec) { s.Init = &spec.Init{Path: "/x", ManifestSHA256: strings.Repeat("0", 64)} },
		"interventions": func(s *spec.Spec) { s.Interventions = []spec.Intervention{{FromStep: &from, LRScale: 0.5}} },
		"mode":          func(s *spec.Spec) { s.Mode = spec.ModeMultinomial },
		"precision":     func(s *spec.Spec) { s.Precision = spec.PrecisionBF16 },
		"eval.tasks":    func(*spec.Spec) {},
	} {
		s := spectest.Spec()
		change(s)
		report, err := client.Check(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range report.Problems {
			found = found || p.Field == field && p.MessageJA != ""
		}
		if !found {
			t.Errorf("%s: got %v", field, report.Problems)
		}
	}
}

// TestFile_scripts: what a shell's script is given are data.
func TestFile_scripts(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		`[sh, train.sh, -c, "{run}"]`, `[bash, -euo, pipefail, train.sh, "{run}"]`, `[bash, --rcfile, /dev/null, --, train.sh, -c, "{run}"]`,
		`[bash, -o, pipefail, -c, 'train "$1"', bash, "{run}"]`,
	} {
		client, _ := open(t, "command: "+command)
		if _, err := client.Describe(t.Context()); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestFile_Mistakes(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"":                                      "mine.yaml:1: command: is missing",
		"command: python3 train.py":             "mine.yaml:1:",
		"command: [a]\nshell: true":             "mine.yaml:2:",
		"command: [a, \"{spce}\"]":              "command[1]: there is no placeholder {spce}; there are dir, spec",
		"command: [a]\nenv: {X: \"{nothing}\"}": "env.X: there is no placeholder {nothing}",
		"command:\n  - bash\n  - -ec\n  - train --out {checkpoints}":              "mine.yaml:4: command[2]: a shell would read what {checkpoints} stands for as code",
		"command: [env, A=1, /bin/sh, -c, \"x {run}\"]":                           "mine.yaml:1: command[4]: a shell",
		"command: [bash, -o, pipefail, -c, \"x {run}\"]":                          "command[4]: a shell",
		"command: [bash, -euo, pipefail, -c, \"x {run}\"]":                        "command[4]: a shell",
		"command: [bash, +O, extglob, +x, -c, \"x {run}\"]":                       "command[5]: a shell",
		"command: [bash, --rcfile, /dev/null, -c, -e, \"x {run}\"]":               "command[5]: a shell",
		"command: [bash, -co, pipefail, \"x {run}\"]":                             "command[3]: a shell",
		"command: [bash, -c, --, \"x {run}\"]":                                    "command[3]: a shell",
		"command: [fish, \"--command=x {run}\"]":                                  "command[1]: a shell",
		"command: [a]\nenv:\n  X: y\n  Y: \"{nothing}\"":                          "mine.yaml:4: env.Y",
		"command: [sh, -c, 'x \"$1\" {{run}}', sh, \"{run}\"]\nprecisions: [fp8]": "mine.yaml:2: precisions[0]",
		"command: [a]\ncan: [fly]":                                                "can[0]: there is no \"fly\"; choose from weights",
		"command: [a]\nprecisions: [fp8]":                                         "precisions[0]",
		"command: [a]\nshapes: [{name: x}]":                                       "shapes[0]: give name",
	} {
		client, _ := open(t, description)
		if _, err := client.Describe(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want …%s", description, err, want)
		}
	}
}
