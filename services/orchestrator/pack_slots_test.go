package orchestrator

import "testing"

func TestSlots(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ most, runs, devices, want int }{
		{0, 64, 1, 1}, // a trainer that says nothing
		{1, 64, 1, 1},
		{16, 1, 1, 1},
		{16, 4, 1, 4},
		{16, 64, 1, 16},
		{8, 9, 1, 5},  // 5 and 4, not 8 and 1
		{8, 64, 8, 8}, // all devices at once
		{16, 64, 8, 8},
		{16, 64, 3, 11}, // two on each of three devices
		{64, 3, 8, 1},
	} {
		if got := slots(v.most, v.runs, v.devices); got != v.want {
			t.Errorf("%d runs on %d devices, at most %d together: %d, want %d", v.runs, v.devices, v.most, got, v.want)
		}
	}
}
