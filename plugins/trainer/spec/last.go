package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// LastEvent is the last whole line of an events.jsonl, nil where there is no file or no whole line yet.
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
	end := bytes.LastIndexByte(data, '\n')
	if end < 0 {
		return nil, nil
	}
	e, err := DecodeEvent(data[bytes.LastIndexByte(data[:end], '\n')+1 : end+1])
	if err != nil {
		return nil, err
	}
	return &e, nil
}
