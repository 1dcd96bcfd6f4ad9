package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxDocument bounds a document, and a line of JSON, in bytes: what is held in memory at once.
const maxDocument = 32 << 20

var errTooLong = errors.New("line too long")

// longestOwn bounds a line of a source version: a document of which each byte has an escape, and its id.
const longestOwn = 6*maxDocument + 1<<20

// lineReader reads lines of any length up to a bound.
type lineReader struct {
	r      *bufio.Reader
	buf    []byte
	most   int   // bytes of a line
	number int64 // of the line read last, from 1
}

// lineBuffer is how much is read at once; most lines fit in.
const lineBuffer = 256 << 10

// newLineReader reads from r, through its buffer where it has one of that size.
func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, lineBuffer), most: maxDocument}
}

// next returns the next line without its end, valid until the next call; errTooLong for a line that was passed over;
// io.EOF after the last. A line that a read error cuts short is not returned.
func (l *lineReader) next() ([]byte, error) {
	l.buf = l.buf[:0]
	for read, long := 0, false; ; {
		part, err := l.r.ReadSlice('\n')
		if err == nil && read == 0 {
			l.number++
			return trimLineEnd(part), nil
		}
		read += len(part)
		if long = long || read > l.most; !long {
			l.buf = append(l.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF), read == 0:
			return nil, err
		}
		l.number++
		if long {
			return nil, errTooLong
		}
		return trimLineEnd(l.buf), nil
	}
}

func trimLineEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}
