package httpd

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// editorState is what the schedule editor draws, as JSON. It is read from the document and from the plan; the browser
// computes none of it.
type editorState struct {
	Readable  bool             `json:"readable"`
	Document  string           `json:"document"`
	Tokens    int64            `json:"tokens"`
	Past      float64          `json:"past"` // of the run, a fraction: taken over from another
	Arm       string           `json:"arm"`
	Baseline  string           `json:"baseline"`
	Recurs    bool             `json:"recurs"`
	Sources   []editorSource   `json:"sources"`
	Schedules []editorSchedule `json:"schedules"`
	Arms      []editorArm      `json:"arms"` // to compare with; none where the document can't be planned
	More      []editorName     `json:"more"` // further arms, of which only the names are told until one is asked for
	Problems  []editorProblem  `json:"problems"`
}

// JSON is the state as the page's script reads it.
func (s editorState) JSON() string { return string(quoted(s)) }

type editorSource struct {
	Name  string `json:"name"`
	Class string `json:"class"` // ja, en, code or other
	Lang  string `json:"lang"`  // in the page's language
	Fixed bool   `json:"fixed"` // not to be trained on
}

type editorSchedule struct {
	Name      string        `json:"name"`
	Label     string        `json:"label"`
	Written   string        `json:"written"`    // the label in the page's language as the document has it; empty: none
	LabelPath []string      `json:"label_path"` // where it stands, or would
	Named     [][]string    `json:"named"`      // where the document's design names the schedule
	Hue       int           `json:"hue"`
	Shape     string        `json:"shape"`
	Stages    []editorStage `json:"stages"`
}

// editorArm is an arm of the plan with what its run reads.
type editorArm struct {
	editorName
	Of     string    `json:"of"` // the schedule that it trains, or is the matched control of
	Tokens []int64   `json:"tokens"`
	Read   [][]int64 `json:"read"`
}

type editorName struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

// armsCompared is how many arms of a plan the editor gets without asking for one.
const armsCompared = 24

type editorStage struct {
	Until  float64   `json:"until"` // a fraction of the run
	Ramp   string    `json:"ramp"`
	Shares []float64 `json:"shares"` // by source
}

type editorProblem struct {
	Field   string `json:"field"` // as schedules.a.stages[0].until
	Message string `json:"message"`
}

func newEditorState(words words, d ablation.Draft, v newView, q question) editorState {
	sweep := d.Sweep
	out := editorState{Readable: true, Document: v.Document, Tokens: sweep.Recipe.Tokens, Arm: q.arm, Baseline: sweep.Design.Baseline, Recurs: sweep.Recurrence != nil}
	out.Sources, out.Schedules, out.Problems = []editorSource{}, []editorSchedule{}, []editorProblem{} // a list that is empty is one, too
	langs := map[string]string{}
	for _, t := range v.Form.Sources {
		langs[t.Name] = t.Lang
	}
	for _, ref := range sweep.Sources {
		class := langClass(cmp.Or(langs[ref.Name], "other"))
		source := ablation.Source{Name: ref.Name, Lang: cmp.Or(langs[ref.Name], class)}
		out.Sources = append(out.Sources, editorSource{Name: ref.Name, Class: class, Lang: words.textIn(source.Lang, []ablation.Source{source})})
	}
	arms := make([]ablation.Arm, len(sweep.Schedules))
	for i, c := range sweep.Schedules {
		arms[i] = ablation.Arm{Name: c.Name}
	}
	for i, c := range sweep.Schedules {
		mark := chart.MarkOf(arms, i)
		e := editorSchedule{Name: c.Name, Label: cmp.Or(c.Label.In(words.lang), c.Name), Named: naming(d, c.Name), Hue: mark.Hue, Shape: mark.Shape, Stages: []editorStage{}}
		e.LabelPath = labelPath(d, c.Name, words.lang)
		e.Written = d.Texts[strings.Join(e.LabelPath, "/")]
		for k, stage := range c.Stages {
			drawn := newEditorStage(stage, sweep)
			if nothing(d.Texts[fmt.Sprintf("schedules/%s/stages/%d/until", c.Name, k)]) {
				drawn.Until = 0 // as it is written: what is read instead is the whole
			}
			e.Stages = append(e.Stages, drawn)
		}
		out.Schedules = append(out.Schedules, e)
	}
	out.arms(v, sweep, q)
	out.Past = pastOf(v, sweep)
	for _, p := range v.Problems {
		out.Problems = append(out.Problems, editorProblem{p.Field, p.Message.In(words.lang)})
	}
	return out
}

// labelPath is where a schedule's label stands: one for both languages, unless there is one for each.
func labelPath(d ablation.Draft, schedule, lang string) []string {
	path := []string{"schedules", schedule, "label"}
	for _, l := range languages {
		if _, there := d.Texts[strings.Join(append(path, l), "/")]; there {
			return append(path, lang)
		}
	}
	return path
}

// naming are the paths at which the design names a schedule; a grid's of is a language or source.
func naming(d ablation.Draft, schedule string) [][]string {
	out := [][]string{}
	for path, text := range d.Texts {
		if text == schedule && strings.HasPrefix(path, "design/") && !strings.HasSuffix(path, "/of") {
			out = append(out, strings.Split(path, "/"))
		}
	}
	slices.SortFunc(out, slices.Compare[[]string])
	return out
}

func newEditorStage(s ablation.Stage, sweep ablation.Sweep) editorStage {
	out := editorStage{Until: s.Until.Fraction, Ramp: string(s.Ramp), Shares: []float64{}}
	if s.Until.Tokens > 0 {
		out.Until = math.Min(1, float64(s.Until.Tokens)/float64(max(1, sweep.Recipe.Tokens)))
	}
	for _, ref := range sweep.Sources {
		out.Shares = append(out.Shares, s.Mixture[ref.Name])
	}
	return out
}

// nothing reports whether text is a number that isn't above 0, whatever unit stands with it.
func nothing(text string) bool {
	v, err := strconv.ParseFloat(strings.TrimRight(text, "%kKMBGT "), 64)
	return err == nil && v <= 0
}

// pastOf is the part of the plan's runs that they take over with the state of others.
func pastOf(v newView, sweep ablation.Sweep) float64 {
	if v.Plan == nil || v.Plan.ReusedTokens == 0 {
		return 0
	}
	return float64(v.Plan.Parents[0].Step) / float64(max(1, sweep.Recipe.Steps()))
}

// arms are the plan's first, and of the others those that are asked for; of the rest only the names are told.
func (s *editorState) arms(v newView, sweep ablation.Sweep, q question) {
	s.Arms, s.More = []editorArm{}, []editorName{}
	if v.Plan == nil {
		return
	}
	for i, a := range v.Plan.Plan.Arms[:len(v.Plan.Arms)] {
		named, of := editorName{a.Name, v.Plan.Arms[i].Arm.Label}, cmp.Or(a.MatchedOf, a.Mixes())
		if i >= armsCompared && a.Name != q.other && a.Name != sweep.Design.Baseline && (q.arm == "" || of != q.arm) {
			s.More = append(s.More, named)
			continue
		}
		course := sweep.Recipe.For(a.Arm).Course(a.Weights, make([]int64, len(sweep.Sources)), coursePoints)
		s.Arms = append(s.Arms, editorArm{editorName: named, Of: of, Tokens: course.Tokens, Read: course.Read})
	}
}
