package httpd_test

import (
	"testing"

	"github.com/haigo-lab/haigo/services/httpd"
)

// TestBest: the best of a sweep is the least of all arms, wherever it stands.
func TestBest(t *testing.T) {
	t.Parallel()
	points := [][2]float64{{4.017, 3.778}, {3.906, 4.007}, {4.556, 3.543}, {3.94, 3.951}}
	if en, ja := httpd.Best(points, 0), httpd.Best(points, 1); en != "3.906" || ja != "3.543" {
		t.Errorf("the best are %s and %s", en, ja)
	}
	if none := httpd.Best(nil, 0); none != "" {
		t.Errorf("without a point the best is %q", none)
	}
}
