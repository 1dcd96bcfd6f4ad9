package corpus

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// intake is a source version on its way into a folder.
type intake struct {
	options  Options
	dir      string
	upTo     uint64 // largest hash that is held out
	smallest uint64 // hash kept
	kept     int64  // documents
	seen     map[key]struct{}
	quota    *quota // nil takes everything
	tally    *tally
	train    []*shard
	heldout  *shard
	closing  closing
}

// key tells documents apart: the first half of their text's SHA-256.
type key [16]byte

func (d *document) key() key { return key(d.digest[:16]) }

// hash is what decides whether a document is held out.
func (d *document) hash() uint64 { return binary.BigEndian.Uint64(d.digest[:8]) }

func newIntake(o Options, parent string, upTo uint64) (*intake, error) {
	dir, err := temporary(parent, o.Name)
	if err != nil {
		return nil, err
	}
	t := &intake{
		options: o, dir: dir, upTo: upTo, smallest: 1<<64 - 1,
		seen: map[key]struct{}{}, quota: newQuota(o), tally: newTally(o.MaxProblems),
	}
	if err := os.Mkdir(filepath.Join(dir, "train"), 0o755); err != nil {
		return t, err
	}
	t.heldout, err = createShard(dir, heldoutFile)
	return t, err
}

// take keeps a document that is new and within the quota.
func (t *intake) take(in input, d *document, line []byte) error {
	if _, ok := t.seen[d.key()]; ok {
		t.tally.add(Problem{File: in.path, Reason: Duplicate})
		return nil
	}
	t.seen[d.key()] = struct{}{}
	if t.quota != nil && !t.quota.take(d) {
		return nil
	}
	return t.write(d, line)
}

func (t *intake) write(d *document, line []byte) error {
	t.smallest = min(t.smallest, d.hash())
	t.kept++
	if d.hash() <= t.upTo {
		return t.heldout.writeLine(line, d.bytes)
	}
	s, err := t.shard()
	if err != nil {
		return err
	}
	return s.writeLine(line, d.bytes)
}

// shard is the training file that takes the next document.
func (t *intake) shard() (*shard, error) {
	if n := len(t.train); n > 0 {
		last := t.train[n-1]
		if last.size < t.options.FileBytes {
			return last, nil
		}
		t.closing.finish(last)
	}
	next, err := createShard(t.dir, fmt.Sprintf("train/%06d.jsonl", len(t.train)))
	if err != nil {
		return nil, err
	}
	t.train = append(t.train, next)
	return next, nil
}

// finish brings everything to the disk.
func (t *intake) finish() error {
	if n := len(t.train); n > 0 {
		t.closing.finish(t.train[n-1])
	}
	t.closing.finish(t.heldout)
	return t.closing.wait()
}

// discard closes and removes what wasn't published; after publish it does nothing.
func (t *intake) discard() {
	_ = t.closing.wait()
	for _, s := range t.train {
		s.abandon()
	}
	if t.heldout != nil {
		t.heldout.abandon()
	}
	_ = os.RemoveAll(t.dir) // what is left is removed by a later addition
}

// closing finishes files while the next are written: a disk may take its time.
type closing struct {
	group sync.WaitGroup
	mu    sync.Mutex
	err   error
}

func (c *closing) finish(s *shard) {
	c.group.Go(func() {
		if err := s.finish(); err != nil {
			c.mu.Lock()
			c.err = err
			c.mu.Unlock()
		}
	})
}

func (c *closing) wait() error {
	c.group.Wait()
	return c.err
}

// cleaning is how a stream's workers make documents of batches; their memory is used again.
type cleaning struct {
	options  Options
	cleaners sync.Pool
	results  sync.Pool
}

func newCleaning(o Options) *cleaning {
	return &cleaning{
		options:  o,
		cleaners: sync.Pool{New: func() any { return newCleaner(o) }},
		results:  sync.Pool{New: func() any { return new(cleaned) }},
	}
}

func (c *cleaning) work(b *batch) *cleaned {
	cleaner, out := c.cleaners.Get().(*cleaner), c.results.Get().(*cleaned)
	cleaner.clean(b, out)
	c.cleaners.Put(cleaner)
	return out
}

// done gives the memory of a result back.
func (c *cleaning) done(result *cleaned) {
	if cap(result.lines) <= 4*batchBytes {
		c.results.Put(result)
	}
}

// each calls found with each document and its line.
func (c *cleaned) each(found func(d *document, line []byte) error) error {
	start := 0
	for i := range c.documents {
		d := &c.documents[i]
		if err := found(d, c.lines[start:d.end]); err != nil {
			return err
		}
		start = d.end
	}
	return nil
}

// sift copies what keep wants into a new folder, with another bound of what is held out; the old folder goes.
func (t *intake) sift(ctx context.Context, upTo uint64, keep func(d *document) bool) (*intake, error) {
	defer t.discard()
	next, err := newIntake(t.options, filepath.Dir(t.dir), upTo)
	if err != nil {
		return next, err
	}
	next.tally, next.quota, next.seen = t.tally, nil, t.seen
	cleaning := newCleaning(t.options)
	s := stream[*cleaned]{read: ownLines, work: cleaning.work, take: func(_ *batch, result *cleaned) error {
		defer cleaning.done(result)
		return result.each(func(d *document, line []byte) error {
			if d.problem != nil {
				return fmt.Errorf("read back %s", d.problem)
			}
			if !keep(d) {
				return nil
			}
			return next.write(d, line)
		})
	}}
	if err := s.run(ctx, t.files()); err != nil {
		return next, err
	}
	return next, next.finish()
}

// files are what was written, training text first.
func (t *intake) files() []input {
	var inputs []input
	for _, s := range append(t.train[:len(t.train):len(t.train)], t.heldout) {
		inputs = append(inputs, input{path: filepath.Join(t.dir, filepath.FromSlash(s.Path)), bytes: s.size})
	}
	return inputs
}
