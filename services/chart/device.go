package chart

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// MetricYen is what DeviceFigure draws besides tokens_per_s and mfu.
const MetricYen = "yen_per_billion_tokens"

// DeviceUse is how runs of one model and batch went on one kind of device. Its figures are of one device, where a run computes on
// several, and where several runs share it.
type DeviceUse struct {
	Device    string         `json:"device"`
	Devices   int            `json:"devices" doc:"How many of them a run computes on"`
	ISA       string         `json:"isa,omitempty"`
	Threads   int            `json:"threads,omitempty" doc:"Of a processor"`
	Precision string         `json:"precision"`
	Model     ablation.Label `json:"model"`

	Runs       []DeviceRun      `json:"runs"`
	TokensPerS *analysis.Middle `json:"tokens_per_s,omitempty" doc:"While it trains, over runs; the interval's ends are runs"`
	MFU        *analysis.Middle `json:"mfu,omitempty" doc:"Model FLOPs utilisation, a fraction; not there where no peak is known"`
	YenPerHour float64          `json:"yen_per_hour,omitempty"`
	Yen        *analysis.Middle `json:"yen_per_billion_tokens,omitempty" doc:"Of the time from a run's first logged step to its last, scoring and checkpoints too"`

	key  deviceKey
	cost float64 // model FLOPs of a token
}

// DeviceRun is what one run reached there; 0 for what isn't known.
type DeviceRun struct {
	Run        string  `json:"run" doc:"SWEEP/RUN"`
	TokensPerS float64 `json:"tokens_per_s,omitempty"`
	MFU        float64 `json:"mfu,omitempty"`
	Yen        float64 `json:"yen_per_billion_tokens,omitempty"`
}

// deviceKey is what makes runs alike.
type deviceKey struct {
	device           string
	devices, threads int
	isa, precision   string
	shape            ablation.Shape
	rows, tokens     int
	tokenizer        string
}

// modelText is what was trained on a device: a shape, a batch, and a tokenizer that isn't bytes.
func modelText(k deviceKey) ablation.Label {
	text := shapeText(k.shape)
	if k.tokenizer != "" && k.tokenizer != ablation.TokenizerBytes {
		text += " · " + filepath.Base(k.tokenizer)
	}
	return say("%s · %d × %d トークン", "%s · %d × %d tokens", text, k.rows, k.tokens)
}

// DeviceUses are those of the runs that are compared, models of fewest FLOPs a token first, then what is cheapest, then what is
// fastest. Runs that were trained elsewhere are on no device.
func (c Comparison) DeviceUses(speeds []ablation.Throughput, known ablation.Devices) []DeviceUse {
	var uses []DeviceUse
	for _, s := range c.Sides {
		for _, r := range s.Results {
			for _, g := range s.Segments[r.Run.ID] {
				i := slices.IndexFunc(speeds, func(t ablation.Throughput) bool {
					return t.RunID == r.Run.ID && t.Attempt == g.Attempt && t.Segment == g.Number
				})
				if i >= 0 && g.Device != "" {
					uses = used(uses, s, r.Run, g, speeds[i], known)
				}
			}
		}
	}
	for i := range uses {
		uses[i].settle()
	}
	slices.SortStableFunc(uses, func(a, b DeviceUse) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(middleOf(a.Yen), middleOf(b.Yen)), cmp.Compare(middleOf(b.TokensPerS), middleOf(a.TokensPerS)))
	})
	return uses
}

func middleOf(m *analysis.Middle) float64 {
	if m == nil {
		return 0
	}
	return m.Median
}

// used adds what a stretch of a run reached. Of a run that had several on one kind of device the last one counts.
func used(uses []DeviceUse, s ablation.Side, r ablation.Run, g ablation.Segment, t ablation.Throughput, known ablation.Devices) []DeviceUse {
	recipe, n := s.Recipe(), float64(max(1, g.Devices))/max(1, t.Shared)
	key := deviceKey{g.Device, max(1, g.Devices), 0, g.ISA, recipe.Precision, recipe.Shape, recipe.BatchRows, recipe.RowTokens, recipe.Tokenizer}
	if g.ISA != "" {
		key.threads = g.Threads
	}
	i := slices.IndexFunc(uses, func(u DeviceUse) bool { return u.key == key })
	if i < 0 {
		i = len(uses)
		uses = append(uses, DeviceUse{
			Device: key.device, Devices: key.devices, ISA: key.isa, Threads: key.threads, Precision: key.precision,
			Model: modelText(key), YenPerHour: known.Price(g.Device), key: key, cost: s.FLOPsPerToken(),
		})
	}
	run := DeviceRun{Run: s.Sweep.Name + "/" + r.Name, TokensPerS: t.TokensPerS / n}
	if peak := known.Peak(g.Device, recipe.Precision, g.PeakFLOPs); peak > 0 {
		run.MFU = run.TokensPerS * s.FLOPsPerToken() / peak
	}
	if t.Overall > 0 {
		run.Yen = known.Price(g.Device) * n / 3600 / t.Overall * 1e9
	}
	u := &uses[i]
	u.Runs = append(slices.DeleteFunc(u.Runs, func(o DeviceRun) bool { return o.Run == run.Run }), run)
	return uses
}

// settle takes the medians over runs.
func (u *DeviceUse) settle() {
	u.TokensPerS = u.middle(func(r DeviceRun) float64 { return r.TokensPerS })
	u.MFU = u.middle(func(r DeviceRun) float64 { return r.MFU })
	u.Yen = u.middle(func(r DeviceRun) float64 { return r.Yen })
}

// middle is over the runs of which a figure is known; nil where there is none.
func (u *DeviceUse) middle(of func(DeviceRun) float64) *analysis.Middle {
	var values []float64
	for _, r := range u.Runs {
		if v := of(r); v > 0 {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return nil
	}
	m := analysis.MiddleOf(values)
	return &m
}

// Label names the device and what of it is used.
func (u DeviceUse) Label() ablation.Label {
	name := same(u.Device)
	if u.Devices > 1 {
		name = say("%s × %d", "%s × %d", name, u.Devices)
	}
	switch {
	case u.ISA != "" && u.Threads == 1:
		return say("%s · %s、1 スレッド", "%s · %s, 1 thread", name, u.ISA)
	case u.ISA != "":
		return say("%s · %s、%d スレッド", "%s · %s, %d threads", name, u.ISA, u.Threads)
	}
	return name
}
