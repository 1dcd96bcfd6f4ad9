package spec

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLine bounds the memory that a damaged file can take.
const maxLine = 16 << 20

// Cursor is how far an attempt's events were read: a byte offset after a whole line, and that line's seq. The zero
// Cursor is the beginning.
type Cursor struct {
	Offset int64
	Seq    int64
}

// Line is an event and the cursor after it.
type Line struct {
	Event
	After Cursor
}

// Tail reads a growing events.jsonl: whole lines only, each event once, in order. It keeps no file open and isn't safe for
// concurrent use.
type Tail struct {
	Path   string
	Cursor Cursor // where to read on; Read moves it
	Over   bool   // nobody writes any more: a last line counts without its newline

	whole    bool // read from the beginning
	begun    int  // segments that began, by the number of the newest that was read: one more
	finished bool // since a segment began
}

// Damaged is the error of a line that isn't the next event. Lines before it were returned; the reader stays before it.
type Damaged struct {
	Path string
	Line int64 // from 1
	Err  error
}

// Error names file and line, not the folder: people who see a run needn't know where it lies.
func (d *Damaged) Error() string { return d.place() + d.Err.Error() }

func (d *Damaged) place() string { return fmt.Sprintf("%s:%d: ", filepath.Base(d.Path), d.Line) }

// inJapanese is as [InJapanese] has it.
func (d *Damaged) inJapanese() string {
	words := InJapanese(d.Err)
	if words == "" {
		return ""
	}
	return d.place() + words
}

// Unwrap is what is wrong with the line.
func (d *Damaged) Unwrap() error { return d.Err }

// ErrCut is that an events.jsonl has less than was read of it: a power cut, or a file server's, took what its writer hadn't
// synced. Its attempt has nothing more to say.
var ErrCut = errors.New("what was read of it is gone")

// Read returns at most limit further events, none when there is no further whole line or no file yet. The error is a
// *[Damaged] where a line isn't an event, or none that may stand there: one is left out before it, its segment began before, or
// it is of a segment that hasn't begun or has finished (of lines up to where the reader began, it knows nothing); the events before it are
// returned with it. A line with the seq of an earlier one, as a writer makes that repeats what it isn't sure of, is passed
// over. A file that is shorter than the cursor, or gone, is [ErrCut]. Any other error is that the file can't be read now.
func (t *Tail) Read(limit int) ([]Line, error) {
	file, err := os.Open(t.Path)
	if errors.Is(err, fs.ErrNotExist) && t.Cursor.Offset == 0 {
		return nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s isn't there any more: %w", filepath.Base(t.Path), ErrCut)
	}
	if err != nil {
		return nil, unread(t.Path, err)
	}
	defer file.Close()
	if err := t.seek(file); err != nil {
		return nil, err
	}
	return t.read(bufio.NewReaderSize(file, 64<<10), limit)
}

func (t *Tail) seek(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return unread(t.Path, err)
	}
	if info.Size() < t.Cursor.Offset {
		return fmt.Errorf("%s has %d bytes, fewer than the %d already read: %w", filepath.Base(t.Path), info.Size(), t.Cursor.Offset, ErrCut)
	}
	_, err = file.Seek(t.Cursor.Offset, io.SeekStart)
	return err
}

func (t *Tail) read(r *bufio.Reader, limit int) (lines []Line, err error) {
	t.whole = t.whole || t.Cursor == Cursor{}
	for len(lines) < limit {
		text, err := wholeLine(r)
		torn := errors.Is(err, io.EOF)
		if torn && (!t.Over || len(text) == 0) {
			return lines, nil
		}
		if errors.Is(err, errLong) {
			return lines, t.damaged(err)
		}
		if err != nil && !torn {
			return lines, unread(t.Path, err)
		}
		e, err := DecodeEvent(text)
		if torn && err != nil {
			return lines, nil
		}
		if err != nil {
			return lines, t.damaged(err)
		}
		if err := t.follows(&e); err != nil {
			return lines, t.damaged(err)
		}
		t.Cursor.Offset += int64(len(text))
		if e.Seq <= t.Cursor.Seq {
			continue
		}
		t.Cursor.Seq = e.Seq
		lines = append(lines, Line{Event: e, After: t.Cursor})
	}
	return lines, nil
}

// follows checks that an event may come next, or repeats one that came.
func (t *Tail) follows(e *Event) error {
	switch {
	case e.Seq <= t.Cursor.Seq:
		return nil
	case e.Seq > t.Cursor.Seq+1:
		return Say("seq is %d, want %d", "seq は %[2]d のはずですが、%[1]d になっています", e.Seq, t.Cursor.Seq+1)
	case e.Started != nil && e.Segment < t.begun:
		return Say("started: segment %d began already; the next to begin is %d", "started：セグメント %d はもう始まっています。次に始められるのは %d です", e.Segment, t.begun)
	case e.Started != nil:
		t.begun, t.finished = e.Segment+1, false
	case e.Finished != nil:
		t.finished = true
	case t.finished && e.stepped():
		return Say("%s after finished, which ends an attempt", "finished のあとに %s があります。finished は試行の最後に書いてください", e.Type)
	case t.whole && t.begun == 0 && e.stepped():
		return Say("%s before any started event; say started first", "started より前に %s があります。先に started を書いてください", e.Type)
	}
	return nil
}

// stepped reports an event of a step, which belongs to the segment that began before it.
func (e *Event) stepped() bool {
	return e.Metrics != nil || e.Scores != nil || e.Usage != nil || e.Checkpoint != nil
}

// unread is why a file can't be read now, without its folder: another look may fare better.
func unread(path string, err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s can't be read: %w", filepath.Base(path), err)
}

// damaged blames the line after the cursor.
func (t *Tail) damaged(err error) error {
	line, unread := linesBefore(t.Path, t.Cursor.Offset)
	return &Damaged{Path: t.Path, Line: line + 1, Err: errors.Join(err, unread)}
}

// linesBefore counts the lines in the first n bytes of a file.
func linesBefore(path string, n int64) (count int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	r := bufio.NewReader(io.LimitReader(file, n))
	for {
		part, err := r.ReadSlice('\n')
		if bytes.HasSuffix(part, []byte{'\n'}) {
			count++
		}
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return count, err
		}
	}
}

var errLong = Say("longer than %d bytes", "%d バイトより長い行です", maxLine)

// wholeLine reads to the next newline, which it keeps; io.EOF where the rest has none yet.
func wholeLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return nil, errLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
