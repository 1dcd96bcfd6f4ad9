package sampler_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestPhilox(t *testing.T) {
	t.Parallel()
	const f = math.MaxUint32
	for _, v := range []struct {
		key  uint64
		ctr  [4]uint32
		want [4]uint32
	}{
		{0, [4]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{math.MaxUint64, [4]uint32{f, f, f, f}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{
			0x299f31d0a4093822,
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	} {
		got := sampler.Philox(v.key, v.ctr[0], v.ctr[1], v.ctr[2], v.ctr[3])
		if got != v.want {
			t.Errorf("Philox(%x, %x) = %x, want %x", v.key, v.ctr, got, v.want)
		}
	}
}

func TestPermute(t *testing.T) {
	t.Parallel()
	for p, want := range []uint64{136, 364, 949, 904, 22, 201, 406, 416} {
		if got := sampler.Permute(0x0123456789abcdef, 3, 2, 1000, uint64(p)); got != want {
			t.Errorf("position %d: got row %d, want %d", p, got, want)
		}
	}
}

func TestApportion(t *testing.T) {
	t.Parallel()
	w, residual := []int64{536870912, 322122547, 214748365}, make([]int64, 3)
	want := [][]int64{{4, 2, 2}, {4, 3, 1}, {4, 2, 2}, {4, 3, 1}, {4, 2, 2}, {4, 2, 2}}
	for step, want := range want {
		got := make([]int64, 3)
		sampler.Apportion(8, w, residual, got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", step, diff)
		}
	}
	if diff := cmp.Diff([]int64{0, 429496720, -429496720}, residual); diff != "" {
		t.Errorf("residual (-want +got):\n%s", diff)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		mode   string
		first  []int64
		drawn  []int64
		digest string
	}{
		{
			spec.ModeExact,
			[]int64{85, 91, 28, 38, 4, 77, 81, 40, 45, 14, 33, 279, 125, 450, 540, 568},
			[]int64{290, 197, 496, 41},
			"2f956d51ff1c6c2bb871114fe7e42f92d21fbc4bc5d284156393d734992a460c",
		},
		{
			spec.ModeMultinomial,
			[]int64{540, 568, 85, 279, 567, 91, 28, 38, 4, 77, 125, 450, 81, 40, 525, 105},
			[]int64{280, 189, 503, 52},
			"3c187f94f7c9727602afd9e52e5890d9ebf6b4c2a80212a272f950173c5686d0",
		},
	} {
		t.Run(v.mode, func(t *testing.T) {
			t.Parallel()
			plan := reference(t, v.mode)
			cursor := at(t, plan, 0)
			batch, _ := cursor.Next()
			if diff := cmp.Diff(v.first, batch.Rows); diff != "" {
				t.Errorf("first rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(v.drawn, at(t, plan, plan.Steps()).Drawn()); diff != "" {
				t.Errorf("rows drawn (-want +got):\n%s", diff)
			}
			got, err := plan.Digests(t.Context())
			want := sampler.Digests{Plan: v.digest, Blocks: []string{v.digest}}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("digests: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// reference is the plan of the test vectors.
func reference(t *testing.T, mode string) *sampler.Plan {
	t.Helper()
	const seed = 0x0123456789abcdef
	c := sampler.Config{
		Mode: mode, MixSeed: seed, DataSeed: seed ^ 0xffff,
		Steps: 64, BatchRows: 16, Sizes: []int64{100, 400, 77, 13},
	}
	for s := range c.Steps {
		f := min(1, float64(s)/40)
		shares := []float64{0.7*(1-f) + 0.1*f, 0.2, 0.1*(1-f) + 0.7*f, 0.05}
		if s < 10 {
			shares[3] = 0
		}
		c.Weights = append(c.Weights, spec.Weights{FromStep: s, W: quantise(shares)})
	}
	plan, err := sampler.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func at(t testing.TB, p *sampler.Plan, step int64) *sampler.Cursor {
	t.Helper()
	c, err := p.At(step)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// quantise is the control plane's step from shares to units, largest remainders first.
func quantise(shares []float64) []int64 {
	var sum float64
	for _, x := range shares {
		sum += x
	}
	w, rest := make([]int64, len(shares)), make([]float64, len(shares))
	left := int64(spec.WeightTotal)
	for k, x := range shares {
		exact := x / sum * spec.WeightTotal
		w[k] = int64(exact)
		rest[k] = exact - float64(w[k])
		left -= w[k]
	}
	for range left {
		best := 0
		for k := range rest {
			if rest[k] > rest[best] {
				best = k
			}
		}
		w[best]++
		rest[best] = -1
	}
	return w
}
