package spec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// EventWriter appends to an attempt's events.jsonl for a runner written in Go. It numbers events and stamps them; every
// event reaches the file as one whole line before Append returns, so nothing waits in memory. It may be used
// concurrently. One runner writes a file: the attempt's lock sees to that.
type EventWriter struct {
	now func() time.Time

	mu      sync.Mutex
	file    *os.File
	attempt int
	segment int
	seq     int64
	size    int64
}

// OpenEvents opens the events of the attempt in folder dir. Where the file already holds events (an earlier part of the
// same attempt), numbering goes on and a new segment begins; a torn last line, which no reader has taken, is cut off.
func OpenEvents(dir string, attempt int) (*EventWriter, error) {
	path := filepath.Join(dir, EventsFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open events: %w", err)
	}
	w := &EventWriter{now: time.Now, file: file, attempt: attempt}
	if err := w.resume(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// resume reads what the file holds.
func (w *EventWriter) resume(path string) error {
	t := Tail{Path: path}
	for {
		lines, err := t.Read(1024)
		if err != nil {
			return fmt.Errorf("resume events: %w", err)
		}
		if len(lines) == 0 {
			break
		}
		w.segment = lines[len(lines)-1].Segment + 1
	}
	w.seq, w.size = t.Cursor.Seq, t.Cursor.Offset
	if err := w.file.Truncate(w.size); err != nil {
		return fmt.Errorf("cut torn event: %w", err)
	}
	return nil
}

// Segment is the number of the segment that this writer writes.
func (w *EventWriter) Segment() int { return w.segment }

// Append writes one event. On an error (a full disk, say) the file holds no part of it and no number is used up, so the
// caller may go on training and try again later.
func (w *EventWriter) Append(b Body) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Header{Seq: w.seq + 1, Attempt: w.attempt, Segment: w.segment, Time: w.now()}
	e := NewEvent(h, b)
	line, err := e.MarshalLine()
	if err != nil {
		return err
	}
	if _, err := w.file.Write(line); err != nil {
		return fmt.Errorf("append %s event: %w", e.Type, errors.Join(err, w.file.Truncate(w.size)))
	}
	w.seq, w.size = w.seq+1, w.size+int64(len(line))
	return nil
}

// Sync puts all events on disk. Call it before renaming the checkpoint that covers them.
func (w *EventWriter) Sync() error {
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync events: %w", err)
	}
	return nil
}

// Close syncs and closes the file.
func (w *EventWriter) Close() error {
	return errors.Join(w.Sync(), w.file.Close())
}
