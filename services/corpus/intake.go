package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// intake is one reading of the inputs into a folder.
type intake struct {
	options  Options
	dir      string
	upTo     uint64 // largest hash that is held out
	smallest uint64 // hash seen
	seen     map[[16]byte]struct{}
	tally    *tally
	train    []*shard
	heldout  *shard
	progress Progress
	reported int64
}

func newIntake(o Options, dir string, upTo uint64) *intake {
	return &intake{
		options: o, dir: dir, upTo: upTo, smallest: 1<<64 - 1,
		seen: map[[16]byte]struct{}{}, tally: newTally(o.MaxProblems),
	}
}

func (t *intake) readAll(ctx context.Context, inputs []input) (err error) {
	if err := os.MkdirAll(filepath.Join(t.dir, "train"), 0o755); err != nil {
		return err
	}
	if t.heldout, err = createShard(t.dir, heldoutFile); err != nil {
		return err
	}
	defer t.abandon()
	t.progress.FilesAll = len(inputs)
	for _, in := range inputs {
		t.progress.BytesAll += in.bytes
	}
	for _, in := range inputs {
		if err := t.readInput(ctx, in); err != nil {
			return err
		}
		t.progress.Files++
		t.progress.Bytes += in.bytes
		t.report(0)
	}
	return t.finish()
}

func (t *intake) readInput(ctx context.Context, in input) error {
	t.progress.File = in.path
	a, err := openArchive(in.path)
	if err != nil {
		t.tally.add(*in.broken(0, err).problem)
		return nil
	}
	defer a.close()
	if advice := unsupported(a.kind); advice != "" {
		t.tally.add(*in.problem(0, Unsupported, a.kind+" files aren't read: "+advice).problem)
		return nil
	}
	for found := range t.options.documents(in, a) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.take(in, found); err != nil {
			return err
		}
		t.reportNow(a.file.bytes)
	}
	return nil
}

func (t *intake) take(in input, f found) error {
	if f.problem != nil {
		t.tally.add(*f.problem)
		return nil
	}
	digest := sha256.Sum256([]byte(f.text))
	key := [16]byte(digest[:16])
	if _, ok := t.seen[key]; ok {
		t.tally.add(Problem{File: in.path, Reason: Duplicate})
		return nil
	}
	t.seen[key] = struct{}{}
	return t.write(binary.BigEndian.Uint64(digest[:8]), spec.Document{ID: f.id, Text: f.text})
}

func (t *intake) write(hash uint64, d spec.Document) error {
	t.smallest = min(t.smallest, hash)
	if hash <= t.upTo {
		return t.heldout.write(d)
	}
	s, err := t.shard()
	if err != nil {
		return err
	}
	return s.write(d)
}

// shard is the training file that takes the next document.
func (t *intake) shard() (*shard, error) {
	if n := len(t.train); n > 0 {
		last := t.train[n-1]
		if last.size < t.options.FileBytes {
			return last, nil
		}
		if err := last.finish(); err != nil {
			return nil, err
		}
	}
	next, err := createShard(t.dir, fmt.Sprintf("train/%06d.jsonl", len(t.train)))
	if err != nil {
		return nil, err
	}
	t.train = append(t.train, next)
	return next, nil
}

// finish closes what readAll has open: the last training file and the held-out one; the files before are finished.
func (t *intake) finish() error {
	if n := len(t.train); n > 0 {
		if err := t.train[n-1].finish(); err != nil {
			return err
		}
	}
	return t.heldout.finish()
}

func (t *intake) abandon() {
	for _, s := range append(t.train, t.heldout) {
		s.abandon()
	}
}

// reportNow reports where a megabyte was read since the last time.
func (t *intake) reportNow(fileBytes int64) {
	if t.progress.Bytes+fileBytes-t.reported >= 1<<20 {
		t.report(fileBytes)
	}
}

func (t *intake) report(fileBytes int64) {
	if t.options.Progress == nil {
		return
	}
	now := t.progress
	now.Bytes += fileBytes
	now.Documents = int64(len(t.seen))
	now.Rejected = t.tally.total()
	t.reported = now.Bytes
	t.options.Progress(now)
}
