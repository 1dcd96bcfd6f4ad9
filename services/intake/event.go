package intake

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Scalar is one value that a run logged.
type Scalar struct {
	Tag   string
	Step  int64
	Value float64
}

// ReadEvents reads the scalars of a TensorBoard event file: TFRecords of Event messages, with values as PyTorch's and
// TensorFlow 1's writers leave them (simple_value) and as TensorFlow 2's do (a tensor of one float). Anything else in the file is
// passed over. A last record that was cut off is too: the run's writer was killed. A record whose checksum is wrong is an
// *ablation.Invalid that says where.
//
// It is our own reader: the format is two small layers, and the one Go library that reads it brings TensorFlow with it.
func ReadEvents(name string, data []byte) ([]Scalar, error) {
	var out []Scalar
	for at := 0; at < len(data); {
		record, next, err := nextRecord(data, at)
		if err != nil {
			return nil, &ablation.Invalid{Problems: []ablation.Problem{{File: name, Message: ablation.Said(
				"is no TensorBoard event file, or is damaged: %v at byte %d; leave it out, or copy it again", "TensorBoard のイベントファイルでないか、壊れています（バイト %[2]d: %[1]v）。除くか、コピーし直してください", err, at)}}}
		}
		if record == nil {
			break
		}
		out = append(out, scalars(record)...)
		at = next
	}
	return out, nil
}

// nextRecord is the record at a place: length, masked CRC of the length, data, masked CRC of the data. Nil where the file
// ends within it.
func nextRecord(data []byte, at int) (record []byte, next int, err error) {
	const head, tail = 12, 4
	if at+head > len(data) {
		return nil, at, nil
	}
	if masked(data[at:at+8]) != binary.LittleEndian.Uint32(data[at+8:]) {
		return nil, at, fmt.Errorf("the checksum of a length is wrong")
	}
	n := binary.LittleEndian.Uint64(data[at:])
	if n > uint64(len(data)) || at+head+int(n)+tail > len(data) {
		return nil, at, nil
	}
	record = data[at+head : at+head+int(n)]
	if masked(record) != binary.LittleEndian.Uint32(data[at+head+int(n):]) {
		return nil, at, fmt.Errorf("the checksum of a record is wrong")
	}
	return record, at + head + int(n) + tail, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is TFRecord's checksum: CRC-32C, turned and shifted.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// Numbers of fields of Event, Summary, Summary.Value and TensorProto.
const (
	eventStep, eventSummary                = 2, 5
	summaryValue                           = 1
	valueTag, valueSimple, valueTensor     = 1, 2, 8
	tensorType, tensorContent, tensorFloat = 1, 4, 5
	tensorDouble                           = 6
	typeFloat, typeDouble                  = 1, 2
)

// scalars are those of one Event.
func scalars(event []byte) []Scalar {
	var step int64
	var out []Scalar
	fields(event, func(number protowire.Number, value uint64, data []byte) {
		switch number {
		case eventStep:
			step = int64(value)
		case eventSummary:
			fields(data, func(number protowire.Number, _ uint64, data []byte) {
				if tag, v, ok := summary(data); number == summaryValue && ok {
					out = append(out, Scalar{Tag: tag, Value: v})
				}
			})
		}
	})
	for i := range out {
		out[i].Step = step
	}
	return out
}

// summary is one Summary.Value.
func summary(data []byte) (tag string, v float64, ok bool) {
	fields(data, func(number protowire.Number, value uint64, data []byte) {
		switch number {
		case valueTag:
			tag = string(data)
		case valueSimple:
			v, ok = float64(math.Float32frombits(uint32(value))), true
		case valueTensor:
			if one, is := tensor(data); is {
				v, ok = one, true
			}
		}
	})
	return tag, v, ok && tag != ""
}

// tensor is the one number of a tensor; ok is false for any other.
func tensor(data []byte) (v float64, ok bool) {
	kind := uint64(typeFloat)
	var content, packed []byte
	fields(data, func(number protowire.Number, value uint64, data []byte) {
		switch number {
		case tensorType:
			kind = value
		case tensorContent:
			content = data
		case tensorFloat, tensorDouble:
			packed = data
			if data == nil && number == tensorFloat {
				packed = binary.LittleEndian.AppendUint32(nil, uint32(value))
			} else if data == nil {
				packed = binary.LittleEndian.AppendUint64(nil, value)
			}
		}
	})
	if content == nil {
		content = packed
	}
	switch {
	case kind == typeFloat && len(content) == 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(content))), true
	case kind == typeDouble && len(content) == 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(content)), true
	}
	return 0, false
}

// fields calls back for every field of a message: with a number, or with bytes. A message that breaks off ends there.
func fields(data []byte, field func(number protowire.Number, value uint64, data []byte)) {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return
		}
		data = data[n:]
		var value uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(data)
			value = uint64(v)
		case protowire.Fixed64Type:
			value, n = protowire.ConsumeFixed64(data)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(data)
		default:
			n = protowire.ConsumeFieldValue(number, kind, data)
		}
		if n < 0 {
			return
		}
		field(number, value, bytes)
		data = data[n:]
	}
}

// Curves are the scalars of every run, from what is in each of its folders ("." is its own). Where some run has several, such as train
// and validation, tags carry the folder that they are in. Files of one folder are one curve: a restart writes another, and what
// that says of a step counts.
func Curves(found map[string]map[string][]Scalar) map[string][]Scalar {
	several := false
	for _, folders := range found {
		several = several || len(folders) > 1
	}
	out := map[string][]Scalar{}
	for id, folders := range found {
		for _, folder := range slices.Sorted(maps.Keys(folders)) {
			for _, s := range newestOfEach(folders[folder]) {
				if several && folder != "." {
					s.Tag = folder + "/" + s.Tag
				}
				out[id] = append(out[id], s)
			}
		}
	}
	return out
}

func newestOfEach(scalars []Scalar) []Scalar {
	type place struct {
		tag  string
		step int64
	}
	at := map[place]int{}
	var out []Scalar
	for _, s := range scalars {
		if i, there := at[place{s.Tag, s.Step}]; there {
			out[i] = s
			continue
		}
		at[place{s.Tag, s.Step}] = len(out)
		out = append(out, s)
	}
	return out
}
