package trainer

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/trainerpb"
)

// server answers the wire with a Trainer. A spec is decoded strictly here, so a Trainer never sees a broken one.
type server struct {
	trainerpb.UnimplementedTrainerServer
	trainer Trainer
}

// Describe implements trainerpb.TrainerServer.
func (s *server) Describe(ctx context.Context, _ *trainerpb.DescribeRequest) (*trainerpb.DescribeResponse, error) {
	d, err := s.trainer.Describe(ctx)
	if err != nil {
		return nil, wireError(err)
	}
	response, err := descriptionToWire(d)
	return response, wireError(err)
}

// Check implements trainerpb.TrainerServer. A spec that breaks the rules is answered with its problems.
func (s *server) Check(ctx context.Context, r *trainerpb.CheckRequest) (*trainerpb.CheckResponse, error) {
	decoded, err := spec.DecodeSpec(r.GetSpec())
	if invalid := (*spec.Invalid)(nil); errors.As(err, &invalid) {
		return reportToWire(Report{Problems: invalid.Problems}), nil
	}
	if err != nil {
		return nil, wireError(err)
	}
	report, err := s.trainer.Check(ctx, decoded)
	if err != nil {
		return nil, wireError(err)
	}
	return reportToWire(report), nil
}

// Plan implements trainerpb.TrainerServer.
func (s *server) Plan(ctx context.Context, r *trainerpb.PlanRequest) (*trainerpb.PlanResponse, error) {
	if len(r.GetAssignments()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "plan: no assignment")
	}
	assignments := make([]Assignment, len(r.GetAssignments()))
	for i, a := range r.GetAssignments() {
		decoded, err := spec.DecodeSpec(a.GetSpec())
		if err != nil {
			return nil, wireError(fmt.Errorf("plan: spec: %w", err))
		}
		assignments[i] = Assignment{Spec: decoded, Dir: a.GetDir(), Rows: a.GetRows()}
	}
	plan, err := s.trainer.Plan(ctx, assignments)
	if err != nil {
		return nil, wireError(err)
	}
	return planToWire(plan), nil
}

// wireError keeps what a caller can act on: its own deadline or cancellation. The rest is a message.
func wireError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, err.Error())
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, err.Error())
	}
	return status.Error(codes.Unknown, err.Error())
}
