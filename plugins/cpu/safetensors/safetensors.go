// Package safetensors writes and reads named float32 tensors in the safetensors format: a little-endian uint64, the
// length of a JSON header, the header, and the values one tensor after the other. Any tool that knows the format can
// open a checkpoint. The package knows nothing of models; [Write] and [Read] are all there is.
package safetensors

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// Tensor is a row-major array under a name.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// entry is a tensor in the header; offsets count from the header's end.
type entry struct {
	Dtype   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// maxHeader bounds the memory that a damaged file can take.
const maxHeader = 16 << 20

// Write writes the tensors to a new file at path, in their order.
func Write(path string, tensors []Tensor) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	err = errors.Join(writeHeader(out, tensors), writeData(out, tensors))
	if err := errors.Join(err, out.Flush(), file.Close()); err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	return nil
}

func writeHeader(out io.Writer, tensors []Tensor) error {
	entries, at := map[string]entry{}, int64(0)
	for _, t := range tensors {
		size := int64(len(t.Data)) * 4
		entries[t.Name] = entry{Dtype: "F32", Shape: t.Shape, Offsets: [2]int64{at, at + size}}
		at += size
	}
	header, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	for len(header)%8 != 0 { // the format asks for aligned values
		header = append(header, ' ')
	}
	if err := binary.Write(out, binary.LittleEndian, uint64(len(header))); err != nil {
		return err
	}
	_, err = out.Write(header)
	return err
}

func writeData(out io.Writer, tensors []Tensor) error {
	raw := make([]byte, 0, 1<<16)
	for _, t := range tensors {
		for part := range slices.Chunk(t.Data, cap(raw)/4) {
			raw = raw[:0]
			for _, v := range part {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
			}
			if _, err := out.Write(raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// Read fills the data of the given tensors from the file at path. Each must be there under its name and with its shape;
// the error names the first that isn't. Tensors that nobody asked for are passed over.
func Read(path string, tensors []Tensor) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read tensors: %w", err)
	}
	defer file.Close()
	entries, start, err := readHeader(file)
	if err != nil {
		return fmt.Errorf("read tensors of %s: %w", path, err)
	}
	for _, t := range tensors {
		if err := readTensor(file, start, entries, t); err != nil {
			return fmt.Errorf("read tensors of %s: %w", path, err)
		}
	}
	return nil
}

// Find is Read without the data: whether each tensor is there under its name and with its shape.
func Find(path string, tensors []Tensor) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("find tensors: %w", err)
	}
	defer file.Close()
	entries, _, err := readHeader(file)
	for _, t := range tensors {
		if err == nil {
			_, err = find(entries, t)
		}
	}
	if err != nil {
		return fmt.Errorf("find tensors of %s: %w", path, err)
	}
	return nil
}

func readHeader(file io.Reader) (entries map[string]entry, start int64, err error) {
	var size uint64
	if err := binary.Read(file, binary.LittleEndian, &size); err != nil {
		return nil, 0, err
	}
	if size > maxHeader {
		return nil, 0, fmt.Errorf("a header of %d bytes; not a safetensors file", size)
	}
	header := make([]byte, size)
	if _, err := io.ReadFull(file, header); err != nil {
		return nil, 0, err
	}
	return entries, int64(size) + 8, json.Unmarshal(header, &entries)
}

// find is the entry of a tensor, which must have its shape.
func find(entries map[string]entry, t Tensor) (entry, error) {
	e, ok := entries[t.Name]
	if !ok {
		return e, fmt.Errorf("there is no tensor %s", t.Name)
	}
	size := int64(4)
	for _, n := range t.Shape {
		size *= int64(n)
	}
	if e.Dtype != "F32" || !slices.Equal(e.Shape, t.Shape) || e.Offsets[1]-e.Offsets[0] != size {
		return e, fmt.Errorf("tensor %s is %s %v, want F32 %v", t.Name, e.Dtype, e.Shape, t.Shape)
	}
	return e, nil
}

func readTensor(file io.ReaderAt, start int64, entries map[string]entry, t Tensor) error {
	e, err := find(entries, t)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, start+e.Offsets[0], e.Offsets[1]-e.Offsets[0]), 1<<16)
	var raw [4]byte
	for i := range t.Data {
		if _, err := io.ReadFull(in, raw[:]); err != nil {
			return fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		t.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[:]))
	}
	return nil
}
