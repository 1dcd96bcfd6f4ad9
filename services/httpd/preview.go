package httpd

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/card"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/web"
)

// newDrawer is what draws the pictures under links; nil without a bundle, which holds their font.
func newDrawer(b web.Bundle) (*card.Drawer, error) {
	if b.Files == nil {
		return nil, nil
	}
	font, err := fs.ReadFile(b.Files, b.Entries["card.ttf"])
	if err != nil {
		return nil, fmt.Errorf("the bundle lacks the font of pictures: run make build: %w", err)
	}
	return card.New(font)
}

// unfurling is what a chat tool shows of a link.
type unfurling struct {
	Title, Description string
	Image              string // its whole address; empty: none
	Width, Height      int
}

func (s *Server) unfurling(w words, v sharedView) *unfurling {
	u := &unfurling{Title: v.Question, Width: card.Width, Height: card.Height}
	if v.Kind == shareKindDecision { // its sentences are about another chart
		u.Description = v.Heading
		v.Says = nil
	}
	for _, spans := range v.Says[:min(len(v.Says), 1)] {
		for _, span := range spans {
			u.Description += span.Text
		}
	}
	if s.drawer != nil {
		u.Image = s.options.URL + v.URL + "/preview.png?" + url.Values{"lang": {w.lang}}.Encode()
	}
	return u
}

// sharedPreview is the picture under which chat tools show a link. It needs the link alone, and shows what the page does.
func (s *Server) sharedPreview(w http.ResponseWriter, r *http.Request) {
	share, kept, ok := s.openShare(w, r, s.options.Store.Share)
	if !ok {
		return
	}
	if s.drawer == nil {
		s.gone(w, r)
		return
	}
	drawn, err := s.words(r).card(share, kept)
	var picture []byte
	if err == nil {
		picture, err = s.drawer.PNG(drawn)
	}
	if err != nil {
		s.away(w, r, share.ID, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // chat tools in browsers show it in their own pages
	_, _ = w.Write(picture)                                        // the browser has left: nobody to tell
}

// card is what a share's picture shows.
func (w words) card(share ablation.Share, kept frozen) (card.Card, error) {
	at := share.CreatedAt
	if share.Live && !kept.DataAt.IsZero() {
		at = kept.DataAt
	}
	c := card.Card{
		Title: share.Question, Source: w.text("brand") + " " + w.text("brand.other"), JA: w.text("ja"), EN: w.text("en"), Unit: "bits per byte", Good: w.text("card.good"),
		Note: w.text("shared.runs.v", "a", kept.Counts.Completed, "b", kept.Counts.Total()) + " · " + w.moment(at) + " JST",
		More: w.text("sweeps.more", "n", len(kept.Arms)-cardArms),
	}
	for _, a := range kept.Arms {
		arm := card.Arm{Label: a.Label.In(w.lang), Hue: a.Mark.Hue, Shape: a.Mark.Shape, Hollow: a.Mark.Hollow}
		if a.JA.Mean != nil && a.EN.Mean != nil {
			arm.Mean = &card.Point{X: *a.EN.Mean, Y: *a.JA.Mean}
		}
		for _, run := range a.Runs {
			if run.JA != nil && run.EN != nil {
				arm.Seeds = append(arm.Seeds, card.Point{X: *run.EN, Y: *run.JA})
			}
		}
		c.Arms = append(c.Arms, arm)
	}
	var err error
	if share.Kind != shareKindDecision && share.Kind != shareKindCompare {
		c.Fronts, err = fronts(kept.Figure)
		return c, err
	}
	var f drawnFigure
	if err := json.Unmarshal(kept.Figure, &f); err != nil {
		return c, fmt.Errorf("read a frozen figure: %w", err)
	}
	if f.Kind == chart.KindMatrix {
		c.Arms, c.Matrix = w.matrix(f)
		c.JA, c.EN, c.More = "", "", w.text("sweeps.more", "n", len(c.Arms)-cardArms)
	} else {
		c.Plot = w.plot(f)
	}
	if title := f.Title.In(w.lang); title != "" {
		c.Note = title + " · " + c.Note
	}
	if f.Kind == chart.KindDevice { // its marks are the devices', which have no scores
		c.Arms, c.JA, c.EN, c.More = f.named(w.lang), "", "", w.text("sweeps.more", "n", len(f.Arms)-cardArms)
	}
	return c, nil
}

// cardArms is how many of more arms than it has lines a picture names.
const cardArms = 5

// fronts are the lines of a frozen figure that join the arms that none beats.
func fronts(figure []byte) ([][]card.Point, error) {
	var f struct {
		Series []struct{ Role chart.Role }
		Option struct {
			Series []struct{ Data json.RawMessage }
		}
	}
	if err := json.Unmarshal(figure, &f); err != nil {
		return nil, fmt.Errorf("read a frozen figure: %w", err)
	}
	var all [][]card.Point
	for i, series := range f.Series {
		if series.Role != chart.RoleFront || i >= len(f.Option.Series) {
			continue
		}
		var front []card.Point
		var rows [][2]float64
		if err := json.Unmarshal(f.Option.Series[i].Data, &rows); err != nil {
			return nil, fmt.Errorf("read the front of a frozen figure: %w", err)
		}
		for _, row := range rows {
			front = append(front, card.Point{X: row[0], Y: row[1]})
		}
		all = append(all, front)
	}
	return all, nil
}
