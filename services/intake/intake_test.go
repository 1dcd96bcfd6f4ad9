package intake_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/intake"
)

// record frames an event as TFRecord does.
func record(event []byte) []byte {
	masked := func(data []byte) uint32 {
		c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		return (c>>15 | c<<17) + 0xa282ead8
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(event)))
	out = binary.LittleEndian.AppendUint32(out, masked(out))
	out = append(out, event...)
	return binary.LittleEndian.AppendUint32(out, masked(event))
}

// event is one scalar at a step, as PyTorch writes it, or as TensorFlow 2 does.
func event(step int64, tag string, v float32, asTensor bool) []byte {
	value := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte(tag))
	if asTensor {
		tensor := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1)
		tensor = protowire.AppendBytes(protowire.AppendTag(tensor, 4, protowire.BytesType), binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		value = protowire.AppendBytes(protowire.AppendTag(value, 8, protowire.BytesType), tensor)
	} else {
		value = protowire.AppendFixed32(protowire.AppendTag(value, 2, protowire.Fixed32Type), math.Float32bits(v))
	}
	summary := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), value)
	out := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(1.7e9))
	out = protowire.AppendVarint(protowire.AppendTag(out, 2, protowire.VarintType), uint64(step))
	return record(protowire.AppendBytes(protowire.AppendTag(out, 5, protowire.BytesType), summary))
}

func TestReadEvents(t *testing.T) {
	t.Parallel()
	version := record(protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), "brain.Event:2"))
	file := append(append(append(version, event(10, "eval/ja", 2.5, false)...), event(20, "eval/ja", 2.25, true)...), event(20, "loss", 1.5, false)...)
	want := []intake.Scalar{{Tag: "eval/ja", Step: 10, Value: 2.5}, {Tag: "eval/ja", Step: 20, Value: 2.25}, {Tag: "loss", Step: 20, Value: 1.5}}
	got, err := intake.ReadEvents("f", file)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	cut, err := intake.ReadEvents("f", file[:len(file)-7])
	if diff := cmp.Diff(want[:2], cut); diff != "" || err != nil {
		t.Errorf("a file that was cut off: %v\n%s", err, diff)
	}
	file[len(version)+15] ^= 1
	var bad *ablation.Invalid
	if _, err := intake.ReadEvents("f", file); !errors.As(err, &bad) || bad.Problems[0].Message.JA == "" {
		t.Errorf("a damaged file: %v", err)
	}
}

// FuzzReadEvents is best run with -fuzzminimizetime 10x: by default most of its time goes into making each find smaller.
func FuzzReadEvents(f *testing.F) {
	f.Add(event(1, "loss", 2, false))
	f.Add(event(1, "loss", 2, true))
	f.Add([]byte("no events"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = intake.ReadEvents("f", data)
		_, _ = intake.ReadEvents("f", record(data)) // past the checksums
	})
}

func TestMake(t *testing.T) {
	t.Parallel()
	half := [][]float64{{.5, .5}, {1, 0}}
	q := intake.Request{
		Name: "theirs", Shares: []float64{.75, .25},
		Table: table.Table{Sources: []string{"train_ja", "web"}, Phases: 2, Metrics: []string{"bpb/ja"}, Runs: []table.Run{
			{ID: "R 1", Shares: half, Tokens: 2e9, Parameters: 1e6, Values: []float64{2}},
			{ID: "R 2", Shares: half, Tokens: 2e9, Parameters: 1e6, Values: []float64{2.1}},
			{ID: "r/1", Shares: [][]float64{{.2, .8}, {.2, .8}}, Tokens: 1e9, Parameters: 1e6, Values: []float64{math.NaN()}},
		}},
	}
	got, err := intake.Make(q)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Arms) != 2 || len(got.Runs) != 3 || got.Arms[0].Name != "r-1" || got.Arms[1].Name != "r-1-2" || got.Runs[1].Name != "r-1-s2" {
		t.Fatalf("%+v", got)
	}
	if w := got.Arms[0].Weights; len(w) != 2 || w[1].FromStep != 750 || w[0].W[0]+w[0].W[1] != ablation.WeightTotal {
		t.Errorf("weights %+v", w)
	}
	if got.Runs[2].Steps != 500 || got.Runs[0].Steps != 1000 || len(got.Runs[2].Points) != 0 || len(got.Runs[0].Points) != 1 {
		t.Errorf("steps and points: %+v", got.Runs)
	}
	if s := got.Sources; s[0].Lang != "ja" || s[1].Lang != "other" || s[0].Role != ablation.RoleElsewhere {
		t.Errorf("sources %+v", s)
	}
	q.Curves = map[string][]intake.Scalar{"R 1": {{Tag: "bpb/ja", Step: 10, Value: 3}, {Tag: "bpb/ja", Step: 40, Value: 2}, {Tag: "lr", Step: 40, Value: 1}}}
	if got, err = intake.Make(q); err != nil || len(got.Runs[0].Points) != 2 || got.Runs[0].Steps != 40 || got.Sweep.Recipe.TokensPerStep() != 5e7 {
		t.Errorf("%v: %+v", err, got.Runs[0])
	}
	q.Curves["r/1"] = []intake.Scalar{{Tag: "bpb/ja", Step: 10, Value: 3}, {Tag: "bpb/ja", Step: 80, Value: 2}} // of smaller batches: as many tokens as are said
	if got, err = intake.Make(q); err != nil || got.Runs[2].Steps != 80 || got.Runs[0].Steps != 160 || got.Runs[0].Points[1].Step != 160 || got.Sweep.Recipe.TokensPerStep() != 12_500_000 {
		t.Errorf("%v: %+v", err, got.Runs)
	}
	q.Table.Runs[0].Tokens, q.Table.Runs[0].Parameters = 1_234_567_891, 1_234_567_890 // no whole number of steps, and more digits than a name is long
	if got, err = intake.Make(q); err != nil || got.Runs[0].Tokens != 1_234_567_891 || got.Runs[0].Parameters != 1_234_567_890 || got.Arms[0].Variant.Shape.Preset != "1234.56789m" {
		t.Errorf("sizes as they were given: %v, %+v, %+v", err, got.Runs[0].Tokens, got.Arms[0].Variant)
	}
	q.Table.Runs[0].Tokens, q.Table.Runs[0].Parameters = 2e9, 1e6
	delete(q.Curves, "r/1")
	if _, err := intake.Make(intake.Request{Name: "none"}); err == nil {
		t.Error("no runs are taken")
	}
	q.Table.Runs[1].Tokens = 0
	var bad *ablation.Invalid
	if _, err := intake.Make(q); !errors.As(err, &bad) || bad.Problems[0].Field != "tokens" || bad.Problems[0].Message.JA == "" {
		t.Errorf("a run of unknown length: %v", err)
	}
	q.Tokens = 2e9
	if _, err := intake.Make(q); err != nil {
		t.Errorf("its length from elsewhere: %v", err)
	}
}

// TestCurves: files of one folder are one curve, the newest of a step; those of several folders are curves of their own.
func TestCurves(t *testing.T) {
	t.Parallel()
	own := []intake.Scalar{{Tag: "loss", Step: 1, Value: 3}, {Tag: "loss", Step: 2, Value: 2}, {Tag: "loss", Step: 2, Value: 1}}
	got := intake.Curves(map[string]map[string][]intake.Scalar{"a": {"v0": own}})
	if want := []intake.Scalar{own[0], own[2]}; !slices.Equal(got["a"], want) {
		t.Errorf("one folder: %+v, want %+v", got["a"], want)
	}
	got = intake.Curves(map[string]map[string][]intake.Scalar{"a": {"train": own[:1], "validation": own[1:2], ".": own[2:]}})
	if want := []intake.Scalar{own[2], {Tag: "train/loss", Step: 1, Value: 3}, {Tag: "validation/loss", Step: 2, Value: 2}}; !slices.Equal(got["a"], want) {
		t.Errorf("several folders: %+v, want %+v", got["a"], want)
	}
}
