package corpus

import (
	"context"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

const (
	// batchBytes is how much text goes from goroutine to goroutine at once.
	batchBytes = 512 << 10
	// aheadBytes bounds the text of one input that waits to be taken; a single longer document waits alone.
	aheadBytes = 12 << 20
	// mostReaders bounds the inputs that are open at once: each may need the window of its compression, 8 MiB and more.
	mostReaders = 4
)

// row is what an input holds at one place: a line of JSON, a text, or the problem that stands in its way.
type row struct {
	line    int64 // from 1; 0 is the file as a whole
	end     int   // in the batch's text, where the row before ends it begins
	form    form
	group   string // value of Options.By, where the reader knows it
	problem *Problem
}

// form is what the bytes of a row are.
type form int8

const (
	plainText form = iota
	jsonObject
	ownLine // of a source version: {"id","text"}
)

// batch is some rows of one input that follow each other.
type batch struct {
	input
	text []byte
	rows []row
	disk int64 // bytes of the input's file that were read before the batch ended
}

// each calls found with each row and its bytes.
func (b *batch) each(found func(r *row, data []byte)) {
	start := 0
	for i := range b.rows {
		found(&b.rows[i], b.text[start:b.rows[i].end])
		start = b.rows[i].end
	}
}

// feed takes an input's rows from its reader. Its methods report whether the reader is to go on.
type feed struct {
	input
	ctx    context.Context
	disk   func() int64
	batch  *batch
	send   func(*batch) bool
	stored *sync.Pool
}

func (f *feed) add(r row, data []byte) bool {
	if f.batch == nil {
		f.batch = f.stored.Get().(*batch)
		*f.batch = batch{input: f.input, text: f.batch.text[:0], rows: f.batch.rows[:0]}
	}
	f.batch.text = append(f.batch.text, data...)
	r.end = len(f.batch.text)
	f.batch.rows = append(f.batch.rows, r)
	return len(f.batch.text) < batchBytes && len(f.batch.rows) < batchBytes/64 || f.flush()
}

func (f *feed) problem(p Problem) bool { return f.add(row{problem: &p}, nil) }

func (f *feed) flush() bool {
	b := f.batch
	if b == nil {
		return f.ctx.Err() == nil
	}
	f.batch = nil
	b.disk = f.disk()
	return f.send(b)
}

// job is a batch on its way through a worker.
type job[R any] struct {
	*batch
	result R
	weight int64
	done   chan struct{}
}

// stream reads inputs side by side, works on their batches on all cores, and hands the results on in the order of the
// inputs and of their rows, whatever finished first. What waits in between is bounded by a few megabytes an input.
type stream[R any] struct {
	read func(*feed)           // all of an input, on a goroutine of its own
	work func(*batch) R        // on one of several goroutines
	take func(*batch, R) error // on the caller's goroutine; the batch's memory is used again after it
	next func(input)           // an input was taken whole; may be nil
}

// run returns the first error of take, or the context's. All goroutines have ended by then.
func (s stream[R]) run(ctx context.Context, inputs []input) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()

	workers := runtime.GOMAXPROCS(0)
	todo := make(chan *job[R], workers)
	for range workers {
		group.Go(func() {
			for {
				select {
				case j := <-todo:
					j.result = s.work(j.batch)
					close(j.done)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	stored := &sync.Pool{New: func() any { return new(batch) }}
	var open []lane[R]
	for i, in := range inputs {
		for ahead := i + len(open); len(open) < min(workers, mostReaders) && ahead < len(inputs); ahead++ {
			l := newLane[R]()
			group.Go(func() { s.fill(ctx, inputs[ahead], l, todo, stored) })
			open = append(open, l)
		}
		if err := s.drain(ctx, open[0], stored); err != nil {
			return err
		}
		if s.next != nil {
			s.next(in)
		}
		open = open[1:]
	}
	return ctx.Err()
}

// lane is the order of one input's jobs, and how much of it may wait.
type lane[R any] struct {
	jobs chan *job[R]
	room *semaphore.Weighted
}

func newLane[R any]() lane[R] {
	return lane[R]{jobs: make(chan *job[R], aheadBytes/batchBytes*4), room: semaphore.NewWeighted(aheadBytes)}
}

// fill reads an input to its end.
func (s stream[R]) fill(ctx context.Context, in input, l lane[R], todo chan<- *job[R], stored *sync.Pool) {
	defer close(l.jobs)
	send := func(b *batch) bool {
		j := &job[R]{batch: b, weight: min(int64(len(b.text)), aheadBytes), done: make(chan struct{})}
		if l.room.Acquire(ctx, j.weight) != nil {
			return false
		}
		for _, to := range []chan<- *job[R]{todo, l.jobs} {
			select {
			case to <- j:
			case <-ctx.Done():
				return false
			}
		}
		return true
	}
	f := &feed{input: in, ctx: ctx, send: send, stored: stored, disk: func() int64 { return 0 }}
	s.read(f)
	f.flush()
}

// drain takes one input's results.
func (s stream[R]) drain(ctx context.Context, l lane[R], stored *sync.Pool) error {
	for {
		var j *job[R]
		select {
		case j = <-l.jobs:
		case <-ctx.Done():
			return ctx.Err()
		}
		if j == nil {
			return ctx.Err()
		}
		select {
		case <-j.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.take(j.batch, j.result); err != nil {
			return err
		}
		l.room.Release(j.weight)
		if cap(j.text) <= 4*batchBytes {
			stored.Put(j.batch)
		}
	}
}

// ownLines reads the lines of a file of a source version.
func ownLines(f *feed) {
	file, err := os.Open(f.path)
	if err != nil {
		f.problem(*f.broken(0, err))
		return
	}
	defer file.Close()
	lines := newLineReader(file)
	lines.most = longestOwn
	f.lines(lines, ownLine)
}
