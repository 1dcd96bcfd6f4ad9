package ablation_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestDevices(t *testing.T) {
	t.Parallel()
	kinds, err := ablation.ParseDevices([]byte("# prices of the lab\nNVIDIA H100*: {yen_per_hour: 480, peak_tflops: {fp32: 67}}\n\"*EPYC*Core*\": {peak_tflops: {fp32: 0.5}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := ablation.Devices{Kinds: kinds, YenPerHour: 20}
	const h100, epyc = "NVIDIA H100 80GB HBM3", "AMD EPYC 9B14 96-Core Processor"
	got := []float64{
		d.Price(h100), d.Price(epyc), d.Price("else"),
		d.Peak(h100, "fp32", 1), d.Peak(h100, "bf16", 0), d.Peak(h100, "bf16", 5), d.Peak("NVIDIA H100 PCIe", "bf16", 0), d.Peak(epyc, "fp32", 1e11), d.Peak("else", "fp32", 0), d.Peak("else", "fp32", 3),
	}
	if diff := cmp.Diff([]float64{480, 20, 20, 67e12, 989e12, 5, 756e12, .5e12, 0, 3}, got); diff != "" {
		t.Errorf("prices, then peaks (-want +got):\n%s", diff)
	}
	if none, err := ablation.ParseDevices([]byte(" \n")); err != nil || len(none) != 0 {
		t.Errorf("of nothing: %v, %v", none, err)
	}
}

func TestParseDevices_refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"A100: {yen: 3}": `1:8: A100.yen: unknown key yen; known are peak_tflops, yen_per_hour`,
		"A100: {yen_per_hour: 3}\nH100: {peak_tflops: {bf16: -1}}": `2:28: H100.peak_tflops.bf16: is -1; give a number above 0`,
		"- A100": `1:1: is a list; give keys with values`,
	} {
		_, err := ablation.ParseDevices([]byte(text))
		var bad *ablation.Invalid
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
