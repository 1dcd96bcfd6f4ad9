package httpd

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/postgres"
)

type findInput struct {
	Query string `query:"q" maxLength:"300" doc:"Words that must all stand in an arm's name, label or runs, or its sweep's name or question"`
	Limit int    `query:"limit" default:"20" minimum:"1" maximum:"200"`
}

type compareInput struct {
	Arm   []string `query:"arm,explode" maxItems:"400" doc:"Arms with all their runs, as SWEEP/ARM"`
	Run   []string `query:"run,explode" maxItems:"400" doc:"Ids of single runs"`
	Base  string   `query:"base" doc:"The arm or run that the others differ from, as SWEEP/ARM or an id, or none; default its sweep's own, else the first"`
	Group string   `query:"group" enum:"arm,run" default:"arm" doc:"Whether runs of one arm are one, or every run that is named by its id is by itself"`
}

type compareChartInput struct {
	Chart       string   `path:"chart" enum:"curve,difference,device"`
	Arm         []string `query:"arm,explode" maxItems:"400" doc:"Arms with all their runs, as SWEEP/ARM"`
	Run         []string `query:"run,explode" maxItems:"400" doc:"Ids of single runs"`
	Hide        []string `query:"hide,explode" maxItems:"400" doc:"Arms and runs that aren't drawn"`
	Base        string   `query:"base" doc:"The arm or run that the others differ from, as SWEEP/ARM or an id, or none; default its sweep's own, else the first"`
	Metric      string   `query:"metric" required:"true" minLength:"1" doc:"As in bpb/ja; of devices tokens_per_s, mfu or yen_per_billion_tokens"`
	X           string   `query:"x" enum:"tokens,steps,flops,time" default:"tokens"`
	Group       string   `query:"group" enum:"arm,run" default:"arm" doc:"What has a line of its own"`
	Band        string   `query:"band" enum:"range,interval" default:"range" doc:"Bands hold every point, or are the 90% intervals of the means"`
	Smooth      float64  `query:"smooth" minimum:"0" maximum:"50" doc:"Width of a moving mean in percent of a run"`
	From        float64  `query:"from" minimum:"0" doc:"Where it begins, in the unit of x"`
	To          float64  `query:"to" minimum:"0" doc:"Where it ends, in the unit of x; 0: at its end"`
	IfNoneMatch string   `header:"If-None-Match"`
}

// Resolve refuses what the framework passes over: a parameter whose first value is empty.
func (*compareInput) Resolve(c huma.Context) []error { return tooMany(c, maxRuns, "arm", "run") }

// Resolve is that of compareInput.
func (*compareChartInput) Resolve(c huma.Context) []error {
	return tooMany(c, maxRuns, "arm", "run", "hide")
}

func tooMany(c huma.Context, most int, names ...string) (errs []error) {
	address := c.URL()
	for _, name := range names {
		if len(address.Query()[name]) > most {
			errs = append(errs, &huma.ErrorDetail{Location: "query." + name, Message: fmt.Sprintf("expected array length <= %d", most)})
		}
	}
	return errs
}

func (in compareChartInput) selection() selection {
	return selection{
		Arms: unique(in.Arm), Runs: unique(in.Run), Hide: in.Hide, Base: in.Base, Metric: []string{in.Metric},
		View: chart.View{
			X: chart.Along(in.X), Single: in.Group == "run", Interval: in.Band == "interval", Smooth: in.Smooth / 100,
			Frame: chart.Frame{From: in.From, To: in.To},
		},
	}
}

// compared is what a comparison says beside its charts.
type compared struct {
	Arms     []comparedArm     `json:"arms"`
	Traits   []chart.Trait     `json:"traits" doc:"What the arms are made of, a value an arm; equal ones have equal ids"`
	Verdicts []chart.Verdict   `json:"verdicts" doc:"Of every arm, how far a difference from the baseline has one cause only; empty for the baseline"`
	Metrics  []string          `json:"metrics" doc:"That can be drawn"`
	Devices  []chart.DeviceUse `json:"devices" doc:"How fast, and at what price, the runs trained on each kind of device"`
	Missing  []string          `json:"missing" doc:"What was asked for and isn't there"`
}

type comparedArm struct {
	Sweep    string            `json:"sweep"`
	Arm      string            `json:"arm"`
	Run      string            `json:"run,omitempty" doc:"Id of the only run, where it is one by itself"`
	Label    ablation.Label    `json:"label"`
	Mark     chart.Mark        `json:"mark"`
	Baseline bool              `json:"baseline"`
	Results  []ablation.Result `json:"results" doc:"The newest scores of its runs"`
}

func (o operations) compare() {
	o.tag = "compare"
	s := o.server
	register(o, http.MethodGet, "/arms", "find-arms", "Arms of any sweeps by words, those of the newest sweeps first",
		func(ctx context.Context, in *findInput) (*body[list[postgres.FoundArm]], error) {
			return listOf(s.options.Store.FindArms(ctx, in.Query, in.Limit))
		})
	register(o, http.MethodGet, "/compare", "compare-arms", "What arms and runs of any sweeps score, and what differs between them",
		func(ctx context.Context, in *compareInput) (*body[compared], error) {
			out, err := s.compared(ctx, selection{Arms: unique(in.Arm), Runs: unique(in.Run), Base: in.Base, View: chart.View{Single: in.Group == "run"}})
			return &body[compared]{out}, err
		})
	register(o, http.MethodGet, "/compare/charts/{chart}", "get-compare-chart", "One metric of arms and runs of any sweeps; with .csv at its end, its points",
		func(ctx context.Context, in *compareChartInput) (*tagged, error) {
			figure, err := s.compareFigure(ctx, in.selection(), in.Chart)
			answer, err := tag(figure, err)
			return answer.unless(in.IfNoneMatch, err)
		})
}

func (s *Server) compared(ctx context.Context, sel selection) (compared, error) {
	c, err := s.compare(ctx, sel)
	if err != nil {
		return compared{}, err
	}
	out := compared{Arms: []comparedArm{}, Traits: c.All.Traits(), Missing: append([]string{}, c.Missing...)}
	out.Verdicts = c.All.Verdicts(out.Traits)
	uses, err := s.deviceUses(ctx, c)
	if err != nil {
		return compared{}, err
	}
	out.Devices = append([]chart.DeviceUse{}, uses...)
	names, err := s.options.Store.MetricNames(ctx, runIDs(c.All.Runs))
	out.Metrics = append([]string{}, sorted(names)...)
	for i, side := range c.All.Sides {
		out.Arms = append(out.Arms, comparedArm{side.Sweep.Name, side.Arm.Name, side.Run, c.All.Arms[i].Label, c.All.Marks[i], i == c.All.Baseline, side.Results})
	}
	return out, err
}

// compareCSV is the points of a comparing chart.
func (s *Server) compareCSV(w http.ResponseWriter, r *http.Request) {
	s.writeCSV(w, r, "compare", func(q chartQuery) (chart.Figure, error) {
		sel, err := readSelection(r.URL.Query())
		if err != nil {
			return chart.Figure{}, err
		}
		sel.Metric = slices.DeleteFunc(sel.Metric, func(m string) bool { return m == "" })
		return s.compareFigure(r.Context(), sel, q.kind)
	})
}
