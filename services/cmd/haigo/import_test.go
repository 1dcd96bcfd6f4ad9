package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImport takes runs of others from a pair of CSVs, decides about them, and refuses to take them twice.
func TestImport(t *testing.T) {
	data := folder(t)
	ratios, metrics := tables(t, 8)
	says(t, haigo(t, data, "import", "theirs", "--mixtures", ratios, "--metrics", metrics, "--tokens", "2M"), "theirs", "bpb/ja")
	says(t, refused(t, nil, data, "import", "theirs", "--mixtures", ratios, "--metrics", metrics, "--tokens", "2M"), "under another name")
	says(t, refused(t, nil, data, "import", "theirs2", "--mixtures", ratios, "--metrics", metrics), "how long the runs are is not known")
	says(t, refused(t, nil, data, "import", "theirs2", "--mixtures", ratios), "either a CSV of metrics or --tensorboard")
	out := t.TempDir()
	exported := haigo(t, data, "export", "--sweep", "theirs", "--mixtures", filepath.Join(out, "a.csv"), "--metrics", filepath.Join(out, "b.csv"))
	says(t, exported, "16 runs; haigo fit --mixtures ")
	if strings.Contains(exported, "--objective") || strings.Contains(exported, "--pair") {
		t.Errorf("fit needs no more to decide as the page does: %s", exported)
	}
	checkSizes(t, data)
	out = filepath.Join(out, "made", "for", "it")
	haigo(t, data, "export", "--sweep", "theirs", "--for", "levanter", "--out", out)
	text, err := os.ReadFile(filepath.Join(out, "levanter.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	says(t, string(text), "num_train_steps: ", "ja: 0.")
}

// checkSizes: sizes of runs leave as they came, to the token and parameter; parameters that nobody said aren't there.
func checkSizes(t *testing.T, data string) {
	t.Helper()
	dir := t.TempDir()
	ratios, metrics, again := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv"), filepath.Join(dir, "c.csv")
	write(t, metrics, "id,bpb/ja\na,1\nb,2\nc,3\n")
	for name, c := range map[string]struct{ mixtures, want string }{
		"sized":   {"id,ja,en,params,tokens\na,0.5,0.5,1234567891,1234567\nb,0.2,0.8,60300000,9876543\nc,0.9,0.1,60300000,9876543\n", "id,ja,en,params,tokens|,1234567891,1234567\n|,60300000,9876543\n"},
		"unsized": {"id,ja,en,tokens\na,0.5,0.5,1234567\nb,0.2,0.8,9876543\nc,0.9,0.1,9876543\n", "id,ja,en,tokens\n|,1234567\n|,9876543\n"},
	} {
		write(t, ratios, c.mixtures)
		haigo(t, data, "import", name, "--mixtures", ratios, "--metrics", metrics)
		haigo(t, data, "export", "--sweep", name, "--mixtures", again, "--metrics", filepath.Join(dir, "d.csv"))
		text, err := os.ReadFile(again)
		if err != nil {
			t.Fatal(err)
		}
		says(t, string(text), strings.Split(c.want, "|")...)
	}
}
