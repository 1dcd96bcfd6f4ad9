package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// A log holds its first and its last bytes; past logCap what lies between is dropped.
const (
	logCap  = 16 << 20
	logHead = 4 << 20
	logTail = 4 << 20
)

// logFile is stdout.log or stderr.log. The runner writes to it directly, with O_APPEND and no pipe between, so that it
// never waits for anybody and outlives exec. While it lives, exec gives the disk back what lies in the middle; once it
// has ended, exec closes the gap.
type logFile struct {
	file    *os.File
	gap     int64 // where the part ends that was given back; 0 for none
	dropped int64
}

func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &logFile{file: file}, nil
}

// relieve gives back the middle of a growing file that is past its cap. Every byte keeps its place, so the runner may
// write meanwhile. A file system that can't do that has the gap closed at once.
func (l *logFile) relieve() error {
	info, err := l.file.Stat()
	if err != nil || info.Size()-max(0, l.gap-logHead) <= logCap {
		return err
	}
	end := info.Size() - logTail
	if err := punch(l.file, logHead, end-logHead); err != nil {
		return l.shorten()
	}
	l.gap = end
	return nil
}

// shorten closes the gap, with a line that tells of it. What a runner writes between the reading of the last bytes and
// their writing is dropped or comes before them.
func (l *logFile) shorten() error {
	info, err := l.file.Stat()
	if err != nil || info.Size() <= logCap {
		return err
	}
	head, err := l.head()
	if err != nil {
		return err
	}
	tail, size, err := l.tail(info.Size() - logTail)
	if err != nil {
		return err
	}
	if err := l.file.Truncate(head); err != nil {
		return fmt.Errorf("shorten log: %w", err)
	}
	l.dropped, l.gap = l.dropped+size-head-int64(len(tail)), 0
	_, err = l.file.Write(fmt.Appendf(nil, "… %d bytes dropped here …\n%s", l.dropped, tail))
	return err
}

// tail reads from an offset to the end, wherever that has moved meanwhile, and keeps the last lines that fit.
func (l *logFile) tail(from int64) (tail []byte, size int64, err error) {
	buf := make([]byte, logTail)
	for size = from; ; {
		n, err := l.file.ReadAt(buf, size)
		size += int64(n)
		tail = append(tail, buf[:n]...)
		tail = tail[max(0, len(tail)-logTail):]
		if errors.Is(err, io.EOF) {
			return tail[bytes.IndexByte(tail, '\n')+1:], size, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read log: %w", err)
		}
	}
}

// head is the length of the first lines that fit.
func (l *logFile) head() (int64, error) {
	head := make([]byte, logHead)
	if _, err := l.file.ReadAt(head, 0); err != nil {
		return 0, fmt.Errorf("read log: %w", err)
	}
	if n := bytes.LastIndexByte(head, '\n') + 1; n > 0 {
		return int64(n), nil
	}
	return logHead, nil
}
