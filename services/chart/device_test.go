package chart_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// devices are the comparison's runs on two kinds of device: those of the first arm on eight GPUs each, the others on a processor
// whose price and peak nobody says, one of which went on elsewhere.
func (f fixture) devices() ([]chart.DeviceUse, chart.Comparison) {
	c, _ := f.comparison()
	var speeds []ablation.Throughput
	for i := range c.Sides[:2] {
		s := &c.Sides[i]
		s.Plans, s.Segments = map[string]ablation.RunPlan{}, map[string][]ablation.Segment{}
		for k, r := range s.Results {
			id := r.Run.ID
			s.Plans[id] = ablation.RunPlan{FLOPsPerToken: 6e9}
			g := ablation.Segment{Attempt: 1, Device: "NVIDIA H100 80GB HBM3", Devices: 8, PeakFLOPs: 1e15}
			speed := ablation.Throughput{RunID: id, Attempt: 1, TokensPerS: 8 * float64(50_000+1000*k), Overall: 8 * 40_000}
			if i == 1 {
				g = ablation.Segment{Attempt: 1, Device: "=Xeon", ISA: "avx2", Threads: 2}
				speed.TokensPerS, speed.Overall = 300, 0
			}
			s.Segments[id], speeds = append(s.Segments[id], g), append(speeds, speed)
		}
	}
	for i := 2; i < len(c.Sides); i++ {
		c.Sides[i].Segments = nil
	}
	return c.DeviceUses(speeds, ablation.Devices{Kinds: []ablation.Device{{Name: "NVIDIA*", YenPerHour: 576}}}), c
}

func TestDeviceUses(t *testing.T) {
	t.Parallel()
	uses, _ := newFixture(t).devices()
	if len(uses) != 2 {
		t.Fatalf("%d devices, want 2: %+v", len(uses), uses)
	}
	xeon, h100 := uses[0], uses[1]
	if xeon.Device != "=Xeon" || xeon.MFU != nil || xeon.Yen != nil || xeon.TokensPerS.Median != 300 || xeon.Label().EN != "=Xeon · avx2, 2 threads" {
		t.Errorf("the processor: %+v", xeon)
	}
	if h100.Devices != 8 || h100.TokensPerS.Median != 51_000 || h100.MFU.Median != .306 || h100.Yen.Median != 4000 || h100.Label().JA != "NVIDIA H100 80GB HBM3 × 8" {
		t.Errorf("the GPUs: %+v, %+v, %+v", h100, h100.MFU, h100.Yen)
	}
}

func TestDeviceFigure(t *testing.T) {
	t.Parallel()
	uses, _ := newFixture(t).devices()
	for metric, words := range map[string]string{"tokens_per_s": "51k tokens/s", "mfu": "30.6%", "yen_per_billion_tokens": "¥4,000"} {
		figure, err := chart.DeviceFigure(uses, metric)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(figure)
		if err != nil || !strings.Contains(string(text), words) || figure.Empty.EN != "" {
			t.Errorf("%s: %v\n%s", metric, err, text)
		}
	}
	if figure, err := chart.DeviceFigure(uses[:1], "mfu"); err != nil || !strings.Contains(figure.Empty.EN, "devices.yaml") {
		t.Errorf("without a peak: %+v, %v", figure.Empty, err)
	}
	if _, err := chart.DeviceFigure(uses, "loss"); !errors.Is(err, ablation.ErrNotFound) {
		t.Errorf("of loss: %v", err)
	}
	table := chart.Figure{Table: chart.DevicesTable(uses)}.CSV()
	if !strings.Contains(table, "'=Xeon,1,avx2,2,") || !strings.Contains(table, ",51000,50000,52000,0.306,") {
		t.Errorf("all figures:\n%s", table)
	}
}
