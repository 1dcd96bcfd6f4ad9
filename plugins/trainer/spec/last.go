package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// LastEvent is the last event of an events.jsonl but for logs, nil where there is no file or none in it yet. A last line without its newline
// counts where it is a whole event.
func LastEvent(path string) (*Event, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open events: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat events: %w", err)
	}
	from := max(0, info.Size()-maxLine)
	data, err := io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return lastLine(data)
}

func lastLine(data []byte) (*Event, error) {
	end := bytes.LastIndexByte(data, '\n') + 1
	if e, err := DecodeEvent(data[end:]); err == nil && e.Log == nil {
		return &e, nil
	}
	for data = data[:end]; len(data) > 0; {
		from := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
		e, err := DecodeEvent(data[from:])
		if err != nil {
			return nil, err
		}
		if e.Log == nil {
			return &e, nil
		}
		data = data[:from]
	}
	return nil, nil
}
