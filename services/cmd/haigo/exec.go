package main

import "github.com/haigo-lab/haigo/services/engine"

type execCmd struct {
	Dir string `required:"" help:"The attempt's folder."`
}

// Run holds the attempt's lock and runs the parts of its launch.json, detached from whoever started it.
func (c execCmd) Run(e *env) error { return engine.Exec(e.ctx, c.Dir) }
