package main

import (
	"context"
	"time"

	"github.com/haigo-lab/haigo/services/engine"
)

type execCmd struct {
	Dir        string        `required:"" help:"The attempt's folder."`
	LeaveAfter time.Duration `help:"Let the runner checkpoint and leave after so long: before a batch system ends the job." placeholder:"TIME"`
}

// Run holds the attempt's lock and runs the parts of its launch.json, detached from whoever started it.
func (c execCmd) Run(e *env) error {
	ctx := e.ctx
	if c.LeaveAfter > 0 {
		limited, cancel := context.WithTimeout(ctx, c.LeaveAfter)
		defer cancel()
		ctx = limited
	}
	return engine.Exec(ctx, c.Dir)
}
