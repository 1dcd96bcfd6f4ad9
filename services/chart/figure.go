package chart

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Figure is one chart as it is sent, stored in shares and drawn.
type Figure struct {
	ID          string          `json:"id"`   // stable, unique in its page
	Kind        Kind            `json:"kind"` // how it is drawn
	Lang        string          `json:"lang,omitempty"`
	Title       ablation.Label  `json:"title"`
	Subtitle    ablation.Label  `json:"subtitle"`
	Caption     ablation.Label  `json:"caption"`
	Description ablation.Label  `json:"description"` // what it shows, for who doesn't see it
	Empty       ablation.Label  `json:"empty"`       // said in the plot while there is no point; else empty
	Arms        []Arm           `json:"arms"`
	X           Axis            `json:"x"`
	Y           Axis            `json:"y"`
	Series      []Series        `json:"series"` // what each series of the option means, in its order
	Option      json.RawMessage `json:"option"`
	Table       Table           `json:"table"`             // the drawn points, and the seeds left out
	Corners     []Corner        `json:"corners,omitempty"` // of a ternary plot: lower left, lower right, top
	Heads       []Head          `json:"heads,omitempty"`   // of a matrix: what its columns measure, from left to right
	Gap         *float64        `json:"gap,omitempty"`     // of a mixture: the largest distance of rows read from rows planned
}

// Kind of a figure.
type Kind string

// Kinds of figures.
const (
	KindTradeoff Kind = "tradeoff"
	KindCurve    Kind = "curve"
	KindMixture  Kind = "mixture"
	KindAccuracy Kind = "accuracy"
	KindResponse Kind = "response"
	KindTernary  Kind = "ternary"
	KindDevice   Kind = "device"
	KindMatrix   Kind = "matrix"
)

// Arm is an arm as a figure names it.
type Arm struct {
	Name  string         `json:"name"`
	Label ablation.Label `json:"label"`
	Mark  Mark           `json:"mark"`
}

// Axis is what an axis measures.
type Axis struct {
	Name   ablation.Label `json:"name"`
	Format Format         `json:"format"`
	Good   string         `json:"good,omitempty"` // low or high, where one is better
}

// Format names a formatter of the page's script; web/src/format.ts has each.
type Format string

// Formats of numbers and cells.
const (
	FormatText       Format = "text"       // as it stands
	FormatArm        Format = "arm"        // an arm's name: shown as its mark and label
	FormatInteger    Format = "integer"    // 1,284,310
	FormatTokens     Format = "tokens"     // 2.4億, 240M
	FormatFixed3     Format = "fixed3"     // 2.021
	FormatFixed2     Format = "fixed2"     // 2.02
	FormatPercent    Format = "percent"    // 57%
	FormatPercent1   Format = "percent1"   // 27.4%
	FormatScientific Format = "scientific" // 3e-3
	FormatDuration   Format = "duration"   // of seconds: 1時間36分, 1 h 36 min
	FormatSigned     Format = "signed"     // −0.052, with as many decimals as the axis needs; 3 in a table
	FormatPoints     Format = "points"     // a difference of fractions, in percentage points: +1.2
)

// Role is what a series shows; the page's script draws each role in one way.
type Role string

// Roles of series. Rows of data are [x, y, …].
const (
	RoleFront      Role = "front"      // [x, y]: means that no arm beats, joined
	RoleSeed       Role = "seed"       // [x, y, replicate]: one run
	RoleMean       Role = "mean"       // [x, y, n]: an arm's mean
	RoleInterval   Role = "interval"   // [x, y, x low, x high, y low, y high]: 90%; null where unknown
	RoleBand       Role = "band"       // [x, low, high]: all points between
	RoleLine       Role = "line"       // [x, y, n]: a mean over n runs
	RoleLaw        Role = "law"        // [x, y]: a law by itself, under a line that corrects it
	RoleSpike      Role = "spike"      // [x, top, size]: a point far above its neighbours; it is the band's
	RoleSuperseded Role = "superseded" // [x, y]: a segment that doesn't count any more
	RoleNonfinite  Role = "nonfinite"  // [x, "NaN" | "Infinity" | "-Infinity"]: drawn as a cross on the edge
	RolePlanned    Role = "planned"    // [x, low, high]: a language's share, stacked; two rows a stretch
	RoleDelivered  Role = "delivered"  // [x, y]: the upper edge of a language's share as read, stacked; two rows a stretch
	RoleChance     Role = "chance"     // [x]: what a guess gets
	RoleNow        Role = "now"        // [x]: how far a run is
	RoleBaseline   Role = "baseline"   // [x, 0], two rows: what differences are taken to
	RoleStart      Role = "start"      // [x]: up to where a run's past is another's, or from where on something holds
	RoleOdds       Role = "odds"       // [x, y, p]: a place of a front, and the chance that nothing is better on both
	RolePick       Role = "pick"       // [x, y] or [x]: what is recommended
	RoleAdjusted   Role = "adjusted"   // [x, y]: what was measured, moved to where a curve can be seen beside it
	RoleBeyond     Role = "beyond"     // [from, to]: where nothing was tried
	RoleOptimum    Role = "optimum"    // [from, to]: where the best may lie, 90%
	RoleGrid       Role = "grid"       // [x, y, value, as good, outside]: nodes of a triangle, rows of falling length
	RoleSeen       Role = "seen"       // [x, y, arm]: a mixture that was run; arm is an index in Arms, -1 where it is gone
	RoleTurned     Role = "turned"     // [x, y, arm]: one that was run and changes on the way, at its shares of the whole run
	RoleNext       Role = "next"       // [x, y, p]: one that is proposed, and the chance that it is better
	RoleCell       Role = "cell"       // [column, row, value, half width of its 90% interval, kind]: a matrix's cell, as good, bad, tie, none, level or noise
	RoleLedger     Role = "ledger"     // [x, number]: an entry of a run's ledger, by its number there
	RoleChange     Role = "change"     // [x]: from here on a run does otherwise than its recipe; with a note, what was done about divergence instead
)

// Series says what a series of the option means.
type Series struct {
	Role  Role           `json:"role"`
	Arm   *int           `json:"arm,omitempty"`  // index in Arms: its colour and mark
	Lang  string         `json:"lang,omitempty"` // a language: its colour
	Run   string         `json:"run,omitempty"`  // a run's name
	Label ablation.Label `json:"label"`          // its name
	Note  ablation.Label `json:"note,omitzero"`  // what is said of it, written beside it in lines
}

// Table is a figure's points. Cells are numbers, strings, the words for values that aren't finite, or nil where there is
// nothing.
type Table struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

// Column is one of a table's columns; Key is its name in CSV.
type Column struct {
	Key    string         `json:"key"`
	Name   ablation.Label `json:"name"`
	Format Format         `json:"format"`
	// Words is what the page writes for some of the column's strings.
	Words map[string]ablation.Label `json:"words,omitempty"`
}

func column(key string, name ablation.Label, format Format) Column {
	return Column{Key: key, Name: name, Format: format}
}

// CSV is the drawn points in full precision, with the columns' keys as its head (RFC 4180).
func (f Figure) CSV() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	record := make([]string, len(f.Table.Columns))
	for i, c := range f.Table.Columns {
		record[i] = c.Key
	}
	_ = w.Write(record) // a buffer takes everything
	for _, row := range f.Table.Rows {
		for i, cell := range row {
			record[i] = plain(cell)
		}
		_ = w.Write(record)
	}
	w.Flush()
	return b.String()
}

// plain is a cell as CSV has it: numbers as JSON writes them, nothing for nil. Text that a spreadsheet would take for a
// formula is put behind an apostrophe.
func plain(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		if len(v) > 0 && bytes.ContainsRune([]byte("=+-@\t\r"), rune(v[0])) && v != "-Infinity" {
			return "'" + v
		}
		return v
	case float64: // of a figure that was read
		return plain(ablation.Real(v))
	case ablation.Real:
		text, _ := v.MarshalJSON() // a float never fails
		return string(bytes.Trim(text, `"`))
	}
	return fmt.Sprint(cell)
}
