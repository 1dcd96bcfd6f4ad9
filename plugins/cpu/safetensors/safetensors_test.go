package safetensors_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/safetensors"
)

func tensors() []safetensors.Tensor {
	return []safetensors.Tensor{
		{Name: "b", Shape: []int{2, 3}, Data: []float32{1, -2, 0.5, 1e-40, float32(math.Inf(1)), math.MaxFloat32}},
		{Name: "a", Shape: []int{1}, Data: []float32{float32(math.Copysign(0, -1))}},
		{Name: "long", Shape: []int{70000}, Data: make([]float32, 70000)},
	}
}

func empty(list []safetensors.Tensor) []safetensors.Tensor {
	for i := range list {
		list[i].Data = make([]float32, len(list[i].Data))
	}
	return list
}

func TestWrite_ReadsBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := safetensors.Write(path, tensors()); err != nil {
		t.Fatal(err)
	}
	got := empty(tensors())
	if err := safetensors.Read(path, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tensors(), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got[1].Data[0] != 0 || !math.Signbit(float64(got[1].Data[0])) {
		t.Error("the sign of zero is lost")
	}
}

func TestWrite_KeepsTheFormat(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := safetensors.Write(path, tensors()[:2]); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.Uint64(data)
	want := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[24,28]},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`
	if got := strings.TrimRight(string(data[8:8+size]), " "); got != want {
		t.Errorf("got header %s, want %s", got, want)
	}
	if size%8 != 0 || len(data) != int(8+size+28) {
		t.Errorf("header of %d bytes in a file of %d", size, len(data))
	}
}

func TestRead_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := safetensors.Write(path, tensors()); err != nil {
		t.Fatal(err)
	}
	for want, ask := range map[string]safetensors.Tensor{
		"there is no tensor c":                  {Name: "c", Shape: []int{1}, Data: make([]float32, 1)},
		"tensor b is F32 [2 3], want F32 [3 2]": {Name: "b", Shape: []int{3, 2}, Data: make([]float32, 6)},
		"tensor a is F32 [1], want F32 [1 1]":   {Name: "a", Shape: []int{1, 1}, Data: make([]float32, 1)},
	} {
		if err := safetensors.Read(path, []safetensors.Tensor{ask}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := os.Truncate(path, 200); err != nil {
		t.Fatal(err)
	}
	if err := safetensors.Read(path, empty(tensors())); err == nil {
		t.Error("a shortened file was read")
	}
}
