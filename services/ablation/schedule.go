package ablation

// Mixture is shares of training tokens by source name; they sum to one within 1e-9. A source left out has share 0.
type Mixture map[string]float64

// Ramp says how a stage reaches its mixture from the one before.
type Ramp string

// Ramps: held from the stage's first token, or moved to over the stage.
const (
	RampNone   Ramp = "none"
	RampLinear Ramp = "linear"
	RampCosine Ramp = "cosine"
)

// Stage is one part of a schedule, up to Until.
type Stage struct {
	Until   Amount  `json:"until"`
	Mixture Mixture `json:"mixture"`
	Ramp    Ramp    `json:"ramp,omitempty"`
}

// Schedule is a mixture as a function of tokens seen.
type Schedule struct {
	Name   string  `json:"name"`
	Label  Label   `json:"label"`
	Stages []Stage `json:"stages"`
}

// Amount is a length in tokens, or a fraction of the budget when Tokens is 0.
type Amount struct {
	Fraction float64 `json:"fraction,omitempty"`
	Tokens   int64   `json:"tokens,omitempty"`
}

// Weights is one entry of the sampler's run-length coded table: W holds from FromStep on, in the order of the sweep's
// sources, integers that sum to 2^30.
type Weights struct {
	FromStep int64   `json:"from_step"`
	W        []int64 `json:"w"`
}
