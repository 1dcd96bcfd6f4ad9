package ablation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestCourse(t *testing.T) {
	t.Parallel()
	r := ablation.Recipe{Tokens: 800, RowTokens: 10, BatchRows: 10}
	half := int64(ablation.WeightTotal / 2)
	table := []ablation.Weights{{W: []int64{half, half}}, {FromStep: 3, W: []int64{2 * half, 0}}}
	want := ablation.Course{
		Tokens:    []int64{0, 300, 300, 400, 800},
		Shares:    [][]float64{{.5, .5}, {.5, .5}, {1, 0}, {1, 0}, {1, 0}},
		Read:      [][]int64{{0, 0}, {150, 150}, {150, 150}, {250, 150}, {650, 150}},
		Exhausted: []int64{500, 0},
	}
	if diff := cmp.Diff(want, r.Course(table, []int64{31, 16}, 2)); diff != "" {
		t.Error(diff)
	}
}

// TestCourse_law: a course ends with the rows that are planned, never reads less, and its shares sum to one.
func TestCourse_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := read(t, writer{}.document(drawTree(t)))
		c := s.Schedules[0]
		names := make([]string, len(s.Sources))
		for k := range s.Sources {
			names[k] = s.Sources[k].Name
		}
		table := c.Table(s.Recipe, names)
		course := s.Recipe.Course(table, make([]int64, len(names)), 64)
		last := len(course.Tokens) - 1
		for k, rows := range ablation.PlannedRows(table, s.Recipe.Steps(), s.Recipe.BatchRows) {
			if got := course.Read[last][k]; got != rows*int64(s.Recipe.RowTokens) {
				t.Fatalf("source %d ends at %d tokens, want %d rows", k, got, rows)
			}
		}
		for i := range course.Tokens {
			var sum float64
			for k, share := range course.Shares[i] {
				sum += share
				if i > 0 && course.Read[i][k] < course.Read[i-1][k] {
					t.Fatalf("point %d reads less than the one before", i)
				}
			}
			if sum < 1-1e-9 || sum > 1+1e-9 {
				t.Fatalf("the shares of point %d sum to %v", i, sum)
			}
		}
	})
}

func TestPlanArm_Portions(t *testing.T) {
	t.Parallel()
	arm := ablation.PlanArm{Tokens: map[string]int64{"ja": 500, "en": 500}}
	sources := []ablation.Source{{Name: "ja", Bytes: 900, Documents: 100}, {Name: "en", Bytes: 700, Documents: 300}, {Name: "none"}}
	want := []ablation.Portion{{.5, 450. / 800, .25}, {.5, 350. / 800, .75}, {}}
	if diff := cmp.Diff(want, arm.Portions(sources), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Error(diff)
	}
}
