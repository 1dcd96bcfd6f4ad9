package httpd

import (
	"context"
	"net/http"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/chart"
)

// deviceTable is how fast, and at what price, the shown runs trained on each kind of device.
type deviceTable struct {
	Rows    []deviceRow
	Figures []figure // where there are several to set against each other
	CSV     string
	NoPeak  bool // whether no peak is known of some
}

type deviceRow struct {
	Device, Model   string
	Precision       string
	Runs            int
	Speed, MFU, Yen deviceCell
	YenPerHour      string
}

// deviceCell is a median with its interval; empty where nothing is known.
type deviceCell struct{ Median, Range string }

// deviceMetrics are the charts of devices, in the order of the page.
var deviceMetrics = []string{ablation.MetricTokensPerS, chart.MetricYen, ablation.MetricMFU}

// deviceUses are those of a comparison's shown runs.
func (s *Server) deviceUses(ctx context.Context, c comparison) ([]chart.DeviceUse, error) {
	speeds, err := s.options.Store.Throughputs(ctx, runIDs(c.Shown.Runs))
	if err != nil {
		return nil, err
	}
	return c.Shown.DeviceUses(speeds, s.options.Devices), nil
}

func (p comparePage) devices(uses []chart.DeviceUse) deviceTable {
	t := deviceTable{CSV: "/compare/devices.csv?" + p.values().Encode()}
	for _, u := range uses {
		row := deviceRow{Device: u.Label().In(p.words.lang), Model: u.Model.In(p.words.lang), Precision: u.Precision, Runs: len(u.Runs)}
		row.Speed = newDeviceCell(u.TokensPerS, func(v float64) string { return integer(int64(v + .5)) })
		row.MFU = newDeviceCell(u.MFU, func(v float64) string { return percent(v, 1) })
		row.Yen = newDeviceCell(u.Yen, func(v float64) string { return integer(int64(v + .5)) })
		if u.YenPerHour > 0 {
			row.YenPerHour = decimal(u.YenPerHour)
		}
		t.NoPeak = t.NoPeak || u.MFU == nil
		t.Rows = append(t.Rows, row)
	}
	if len(uses) > 1 {
		for _, metric := range deviceMetrics[:2] {
			t.Figures = append(t.Figures, p.deviceFigure(metric))
		}
	}
	return t
}

func newDeviceCell(m *analysis.Middle, text func(float64) string) deviceCell {
	if m == nil {
		return deviceCell{}
	}
	c := deviceCell{Median: text(m.Median)}
	if m.N > 1 {
		c.Range = text(m.Low) + " – " + text(m.High)
	}
	return c
}

func (p comparePage) deviceFigure(metric string) figure {
	f := newFigure("device-"+strings.ReplaceAll(metric, "_", "-"), "/compare", "device", p.figureQuery(metric))
	title, hint := chart.DeviceTitle(metric)
	f.Title, f.Sub, f.Size, f.Caption = title.In(p.words.lang), hint.In(p.words.lang), "half", true
	return f
}

// compareDevicesCSV is a line a device, in full precision.
func (s *Server) compareDevicesCSV(w http.ResponseWriter, r *http.Request) {
	c, err := s.addressed(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	uses, err := s.deviceUses(r.Context(), c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	serveCSV(w, "compare-devices", chart.Figure{Table: chart.DevicesTable(uses)}.CSV())
}
