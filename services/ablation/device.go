package ablation

import (
	"bytes"
	"cmp"
	"math"
	"strings"
)

// Device is what is known of a kind of device.
type Device struct {
	Name       string             // as runs name theirs; * stands for any text
	YenPerHour float64            // 0: as any other
	Peak       map[string]float64 // the most that it can do in a precision (fp32, bf16): floating point operations a second
}

// Devices are what whoever runs the service says of devices. The first that fits a name counts.
type Devices struct {
	Kinds      []Device
	YenPerHour float64 // an hour's price of a device that none of them prices; 0: not known
}

// Price is what an hour of a device costs in yen, 0 where that isn't known.
func (d Devices) Price(name string) float64 {
	return cmp.Or(find(d.Kinds, name).YenPerHour, d.YenPerHour)
}

// Peak is the most that a device can do in a precision, in floating point operations a second: as the administrator says, else
// as the trainer said (0: it didn't), else as the maker's data sheet says. 0 where nobody does.
func (d Devices) Peak(name, precision string, said float64) float64 {
	return cmp.Or(find(d.Kinds, name).Peak[precision], said, find(sheets, name).Peak[precision])
}

// sheets are dense bf16 products by NVIDIA's data sheets, of boards as their driver names them.
var sheets = []Device{
	sheet("NVIDIA A100*", 312), sheet("NVIDIA H100 PCIe", 756), sheet("NVIDIA H100 NVL", 835), sheet("NVIDIA H100*", 989), sheet("NVIDIA H200 NVL", 835),
	sheet("NVIDIA H200*", 989), sheet("NVIDIA GH200*", 989), sheet("NVIDIA B200*", 2250), sheet("NVIDIA L4", 121), sheet("NVIDIA L40S", 362),
}

func sheet(name string, tflops float64) Device {
	return Device{Name: name, Peak: map[string]float64{"bf16": tflops * 1e12}}
}

func find(kinds []Device, name string) Device {
	for _, d := range kinds {
		if fits(d.Name, name) {
			return d
		}
	}
	return Device{}
}

// fits reports whether a name is the pattern with texts in place of its stars.
func fits(pattern, name string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	for from := 0; ok && from <= len(name); from++ {
		if fits(rest, name[from:]) {
			return true
		}
	}
	return false
}

// ParseDevices reads what the administrator says of devices, strictly: by their names, yen_per_hour and peak_tflops by precision.
// The error is an *[Invalid] with all problems in document order.
func ParseDevices(data []byte) ([]Device, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	r := &reader{}
	root := r.document(data)
	if root == nil {
		return nil, r.err()
	}
	var kinds []Device
	for _, e := range r.entries(root) {
		kinds = append(kinds, r.device(e))
	}
	return kinds, r.err()
}

func (r *reader) device(e entry) Device {
	f := r.fields(e.value, "yen_per_hour", "peak_tflops")
	positive := span{low: 0, high: math.Inf(1), above: true}
	d := Device{Name: e.key.text, YenPerHour: r.number(f["yen_per_hour"], 0, positive), Peak: map[string]float64{}}
	if f["peak_tflops"] == nil {
		return d
	}
	for precision, n := range r.fields(f["peak_tflops"], "fp32", "bf16") {
		d.Peak[precision] = r.number(n, 0, positive) * 1e12
	}
	return d
}
