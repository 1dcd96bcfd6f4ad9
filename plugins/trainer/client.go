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

// ErrGone is the error of a call to a trainer whose process has ended; a new one may be started.
var ErrGone = errors.New("the trainer's process is gone")

// ErrUnready is the error of a call to a trainer that isn't there, can't be started or doesn't answer, which says nothing of what
// it was asked: that can be asked again once this is mended.
var ErrUnready = errors.New("the trainer isn't ready")

// client is a Trainer at the other end of a connection. Its errors are the trainer's sentences, without gRPC's words; a
// deadline or cancellation stays one for errors.Is.
type client struct {
	rpc trainerpb.TrainerClient
}

// Describe implements Trainer.
func (c *client) Describe(ctx context.Context) (Description, error) {
	response, err := c.rpc.Describe(ctx, &trainerpb.DescribeRequest{})
	if err != nil {
		return Description{}, callError("describe", err)
	}
	return descriptionFromWire(response)
}

// Check implements Trainer.
func (c *client) Check(ctx context.Context, s *spec.Spec) (Report, error) {
	data, err := spec.Encode(s)
	if err != nil {
		return Report{}, err
	}
	response, err := c.rpc.Check(ctx, &trainerpb.CheckRequest{Spec: data})
	if err != nil {
		return Report{}, callError("check", err)
	}
	return reportFromWire(response), nil
}

// Plan implements Trainer.
func (c *client) Plan(ctx context.Context, assignments []Assignment) (Plan, error) {
	request := &trainerpb.PlanRequest{}
	for _, a := range assignments {
		data, err := spec.Encode(a.Spec)
		if err != nil {
			return Plan{}, err
		}
		request.Assignments = append(request.Assignments, &trainerpb.Assignment{Spec: data, Dir: a.Dir, Rows: a.Rows})
	}
	response, err := c.rpc.Plan(ctx, request)
	if err != nil {
		return Plan{}, callError("plan", err)
	}
	return planFromWire(response), nil
}

func callError(call string, err error) error {
	s := status.Convert(err)
	switch s.Code() {
	case codes.DeadlineExceeded:
		return fmt.Errorf("%s: the trainer gave no answer in time: %w", call, context.DeadlineExceeded)
	case codes.Canceled:
		return fmt.Errorf("%s: %w", call, context.Canceled)
	case codes.Unavailable:
		return fmt.Errorf("%s: %w (%s)", call, ErrGone, s.Message())
	}
	return fmt.Errorf("%s: %s", call, s.Message())
}
