package orchestrator

import (
	"errors"
	"os"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// findFolder looks at a checkpoint that lies in a folder.
func (s *Sweeper) findFolder(r *resolved, recorded ablation.Sweep, ref ablation.StartRef) error {
	if was := recorded.Parent(0); was != nil {
		r.Sweep.Parents = []ablation.Parent{*was}
		return nil
	}
	m, digest, err := spec.FindCheckpoint(ref.Checkpoint)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = wrong("recipe.start.checkpoint", "%s holds no checkpoint: %s; give a folder with a manifest.json and the files that it lists, as a run leaves them in its checkpoints folder",
			"%s にチェックポイントがありません（%s）。ランの checkpoints フォルダにあるような、manifest.json とその一覧のファイルを含むフォルダを書いてください", ref.Checkpoint, lastLine(err))
	case err != nil:
		err = wrong("recipe.start.checkpoint", "can't be started from: %s", "開始点として使えません：%s", lastLine(err))
	case ref.SHA256 != "" && ref.SHA256 != digest:
		err = wrong("recipe.start.sha256", "isn't the checkpoint's: its manifest has %s; give that, or another folder", "チェックポイントのものと異なります。manifest の SHA-256 は %s です。これに直すか、別のフォルダを書いてください", digest)
	}
	if err != nil {
		return r.placed(err)
	}
	r.found[digest] = ref.Checkpoint
	r.Sweep.Parents = []ablation.Parent{{Name: ref.Checkpoint, Step: m.Step, SHA256: digest}}
	return nil
}

// lastLine is an error in one line.
func lastLine(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return lines[len(lines)-1]
}
