package batch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/engine/batch"
)

func settings(t *testing.T, text string) (batch.Settings, error) {
	t.Helper()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, batch.SettingsFile), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return batch.ReadSettings(data)
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	s, err := settings(t, `
engine: slurm
slurm:
  partition: gpu
  gres: gpu:1
  cpus: 8
  time_limit: 6h
  modules: [cuda/12.4]
  container: [apptainer, exec, --nv, /apps/image.sif]
  env: {HF_HOME: /scratch/hf}
pbs: {select: "1:ncpus=8:ngpus=1", time_limit: 2m}
`)
	if err != nil {
		t.Fatal(err)
	}
	if v := s.Slurm; v.Partition != "gpu" || v.CPUs != 8 || v.Runs != 8 || v.LeaveBefore != 5*time.Minute || v.SilentAfter != time.Minute {
		t.Errorf("%+v", v)
	}
	if s.PBS.LeaveBefore != 30*time.Second || strings.Join(s.Names(), " ") != "slurm pbs" {
		t.Errorf("%+v, %v", s.PBS, s.Names())
	}
	if none, err := batch.ReadSettings(t.TempDir()); err != nil || none.Names() != nil {
		t.Errorf("without a file: %+v, %v", none, err)
	}
}

func TestReadSettings_Mistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"engine: slurm":                                "engine: slurm isn't described here",
		"slurm:\n  partion: gpu":                       "engines.yaml:2:",
		"slurm: {time_limit: 30s}":                     "slurm.time_limit: is 30s; give 1m at least",
		"slurm: {time_limit: 1h, leave_before: 2h}":    "slurm.leave_before: is 2h0m0s, the time limit 1h0m0s",
		"slurm: {time_limit: soon}":                    "invalid duration \"soon\"",
		"pbs: {silent_after: 5s}":                      "pbs.silent_after: is 5s; a runner beats every 5s",
		"pbs: {runs: -1}":                              "pbs: runs and cpus are 1 at least",
		"slurm: {program: haigo}":                      "slurm.program: haigo isn't absolute",
		"slurm: {container: [apptainer, exec, a.sif]}": "slurm.container: a.sif isn't absolute",
		"slurm: {env: {\"A; rm\": x}}":                 "slurm.env:",
	} {
		if _, err := settings(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want …%s", text, err, want)
		}
	}
}
