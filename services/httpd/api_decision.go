package httpd

import (
	"context"
	"errors"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// AimInput is what a decision is made for. The framework finds parameters in exported types only.
type AimInput struct {
	Objective  string  `query:"objective" doc:"min: or max: and a sum of metrics, as in min:0.5*bpb/ja+0.5*bpb/en; default held-out text of all languages alike"`
	Tokens     float64 `query:"tokens" minimum:"0" doc:"Of the run that is decided about; default as long as the runs"`
	Parameters float64 `query:"params" minimum:"0" doc:"Of the run that is decided about; default as large as the largest"`
}

func (in AimInput) aim() aim { return aim{evidence.Aim(in)} }

type decisionInput struct {
	Sweep  string  `path:"sweep"`
	Effect float64 `query:"effect" minimum:"0" doc:"Of which it is asked how many seeds and runs show it, in the metrics' unit"`
	AimInput
}

func (o operations) decisions() {
	o.tag = "decisions"
	s := o.server
	register(o, http.MethodGet, "/sweeps/{sweep}/decision", "get-decision", "Which mixture or schedule to take, how sure that is, and what to run next; 503 while it is being worked out, 409 where too little was run",
		func(ctx context.Context, in *decisionInput) (*body[decision.Document], error) {
			d, err := s.chartData(ctx, in.Sweep)
			if err != nil {
				return nil, err
			}
			found, err := s.outlook(ctx, d, in.aim())
			if err != nil {
				return nil, tooLittle(err)
			}
			out := decision.Answer{Decision: found.Decision, Fit: found.Fit, Effect: in.Effect, Warnings: append(append([]ablation.Label{}, found.Fit.Notes...), found.Warnings...)}
			out.Proposals = proposals(found.Next)
			return &body[decision.Document]{out.Document()}, nil
		})
}

// tooLittle is a conflict where it isn't the request that must change, but more must be run.
func tooLittle(err error) error {
	var bad *ablation.Invalid
	if !errors.As(err, &bad) || bad.Problems[0].Field != "" {
		return err
	}
	return &ablation.Refusal{Kind: ablation.ErrConflict, Message: bad.Problems[0].Message}
}

func proposals(next []decision.Proposal) []table.Run {
	var runs []table.Run
	for _, p := range next {
		runs = append(runs, p.Run)
	}
	return runs
}
