package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestGPU trains two mixtures with the gpu trainer, from the file that the cpu trainer would take: each is better in the
// language that it reads more of, with both seeds.
func TestGPU(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join(filepath.Dir(program(t)), "gpu", "ready.json")); err != nil {
		t.Skip("not run: the GPU trainer (JAX could not be brought from PyPI; make gpu tries again)")
	}
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepOf(t, "languages", "trainer: gpu, checkpoint: {every: 50%}", english+"\n"+japanese))
	runs, all := finishedRuns(t, s, "languages")
	scores := map[string]map[uint64]ablation.Real{}
	for i, r := range runs {
		for _, language := range []string{"ja", "en"} {
			key := r.Arm + " in " + language
			if scores[key] == nil {
				scores[key] = map[uint64]ablation.Real{}
			}
			scores[key][r.InitSeed] = all[i]["bpb/"+language+"@200"]
		}
	}
	for seed := range scores["ja in ja"] {
		t.Logf("seed %x: ja %v against %v, en %v against %v", seed, scores["ja in ja"][seed], scores["en in ja"][seed], scores["en in en"][seed], scores["ja in en"][seed])
		if !(scores["ja in ja"][seed] < scores["en in ja"][seed] && scores["en in en"][seed] < scores["ja in en"][seed]) {
			t.Errorf("seed %x: a mixture isn't better in the language that it reads more of", seed)
		}
	}
}
