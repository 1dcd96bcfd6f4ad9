package httpd

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// matchPoll is how often a page looks while parts of sources are made.
const matchPoll = 2 * time.Second

// matchView offers parts of the sources that the proxies read as often as the big run reads the whole.
type matchView struct {
	Part    float64 // of each source
	Rows    []matchRow
	Reading bool   // some are being made
	Small   string // the source of which a part would be less than a batch; empty: none
	Make    string // where they are asked for
	New     string // the page that sets up a sweep of them; empty: not all are there
}

// matchRow is a part on its way.
type matchRow struct {
	part
	Lang     string
	Addition *additionRow // nil: nobody has asked for it, or it is there
	There    bool
	Has      int64 // bytes of what is there: whole documents, so that it may be less than what was asked for
}

// part is a sample of a source's training text.
type part struct {
	Whole ablation.Source
	Name  string
	Bytes int64
}

// parts are of the sources that some arm would repeat in the run that is decided about: each is to its source what the
// sweep's runs are to that run, so that epochs agree for every mixture. Runs that are as long need none.
func (m *decisionMaterial) parts() (out []part, fraction float64) {
	longest := 0.0
	for _, r := range m.Table.Runs {
		longest = max(longest, r.Tokens)
	}
	if fraction = longest / m.Tokens; longest <= 0 || !(fraction < 1) {
		return nil, 0
	}
	for _, whole := range m.Sources {
		size := m.Sizes[whole.Name]
		if size <= 0 || m.most(whole.Name)*m.Tokens/size <= 1 {
			continue
		}
		bytes := rounded(fraction * float64(whole.Bytes))
		out = append(out, part{Whole: whole, Name: partName(whole.Name, bytes), Bytes: bytes})
	}
	return out, fraction
}

// most is the largest share of a source's tokens in any run.
func (m *decisionMaterial) most(source string) float64 {
	j, most := slices.Index(m.Table.Sources, source), 0.0
	for _, r := range m.Table.Runs {
		share := 0.0
		for p, phase := range r.Shares {
			share += m.Shares[p] * phase[j]
		}
		most = max(most, share)
	}
	return most
}

// rounded is a number of bytes with three digits that people read.
func rounded(bytes float64) int64 {
	unit := math.Pow(10, math.Floor(math.Log10(max(bytes, 1)))-2)
	return int64(math.Round(bytes/unit) * unit)
}

// partName is a source's name and the part's size: ja-part-1520k.
func partName(source string, bytes int64) string {
	size := strconv.FormatInt(bytes, 10)
	if bytes >= 10_000 {
		size = strconv.FormatInt(bytes/1000, 10) + "k"
	}
	return source[:min(len(source), 40)] + "-part-" + size
}

// match is what the page offers where epochs don't agree; nil where they do, or nothing can be done about it.
func (s *Server) match(ctx context.Context, p decisionPage) (*matchView, error) {
	if p.outlook == nil || len(p.outlook.Mismatches) == 0 || p.Sweep.Document == "" {
		return nil, nil
	}
	parts, fraction := p.parts()
	if len(parts) == 0 {
		return nil, nil
	}
	v := &matchView{Part: fraction, Make: decisionURL(p.Sweep.Name, "/match", aim{p.Aim})}
	there, err := s.options.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := s.options.Store.Additions(ctx, additionsRead)
	if err != nil {
		return nil, err
	}
	all := true
	for _, of := range parts {
		row := matchRow{part: of, Lang: langClass(of.Whole.Lang)}
		if made := of.in(there); made != nil {
			row.There, row.Has = true, made.Bytes
		}
		if ablation.Source.Rows(ablation.Source{Bytes: of.Bytes}, p.Sweep.Recipe.RowTokens) < int64(p.Sweep.Recipe.BatchRows) {
			v.Small = of.Whole.Name
		}
		i := slices.IndexFunc(asked, func(a ablation.Addition) bool { return a.Name == of.Name && a.Of == of.Whole.ID() })
		if !row.There && i >= 0 {
			row.Addition = &additionRow{asked[i]}
			v.Reading = v.Reading || !asked[i].State.Ended()
		}
		all = all && row.There
		v.Rows = append(v.Rows, row)
	}
	if all {
		q := aim{p.Aim}.values()
		q.Set("match", p.Sweep.Name)
		v.New = "/new?" + q.Encode()
	}
	return v, nil
}

// in is the part among sources; nil where it isn't there.
func (of part) in(all []ablation.Source) *ablation.Source {
	i := slices.IndexFunc(all, func(o ablation.Source) bool { return o.Name == of.Name && o.PartOf(of.Whole) })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// asking reads which parts of which sweep's sources an address is about.
func (s *Server) asking(ctx context.Context, name string, a aim) (decisionMaterial, []part, error) {
	d, err := s.chartData(ctx, name)
	if err != nil {
		return decisionMaterial{}, nil, err
	}
	m, err := s.material(ctx, d, a)
	if err != nil {
		return m, nil, err
	}
	parts, _ := m.parts()
	if len(parts) == 0 || m.Sweep.Document == "" {
		return m, nil, ablation.Conflict("no source of %s needs a part: at that length none is read more than once, or its runs are as long", "%s には切り出すデータソースがありません。その長さでは繰り返さないか、ランが同じ長さです", name)
	}
	return m, parts, nil
}

// makeParts has the parts made that aren't there, and goes back to the decision, which says how far they are.
func (s *Server) makeParts(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "sweep")
	a, err := readAim(r.URL.Query())
	var parts []part
	if err == nil {
		_, parts, err = s.asking(r.Context(), name, a)
	}
	var there []ablation.Source
	if err == nil {
		there, err = s.options.Store.Sources(r.Context())
	}
	for _, of := range parts {
		if err == nil && of.in(there) == nil {
			_, err = s.options.Store.PutAddition(r.Context(), ablation.Addition{Name: of.Name, Lang: of.Whole.Lang, Of: of.Whole.ID(), Bytes: of.Bytes})
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("parts of sources are being made", "sweep", name, "parts", len(parts))
	http.Redirect(w, r, decisionURL(name, "", a)+"#match", http.StatusSeeOther)
}

// matched is a sweep's document that reads parts in place of the sources that they are of, with the sweep's seed.
func (s *Server) matched(ctx context.Context, name string, a aim) (string, error) {
	m, parts, err := s.asking(ctx, name, a)
	if err != nil {
		return "", err
	}
	there, err := s.options.Store.Sources(ctx)
	if err != nil {
		return "", err
	}
	var edits []ablation.Edit
	for _, of := range parts {
		source := of.in(there)
		if source == nil {
			return "", ablation.Conflict("the part %s isn't there yet; make it on the sweep's decision page", "%s がまだありません。スイープの判断のページで作ってください", of.Name)
		}
		i := slices.IndexFunc(m.Sweep.Sources, func(ref ablation.SourceRef) bool { return ref.Name == of.Whole.Name })
		edits = append(edits, sourceEdits(m.Sweep, i, of.Name)...)
		edits = append(edits, ablation.Edit{Op: ablation.EditSet, Path: []string{"sources", strconv.Itoa(i)}, Value: quoted(ablation.SourceRef{Name: of.Name, Version: source.Version})})
	}
	if m.Sweep.Recurrence != nil {
		edits = append(edits, ablation.Edit{Op: ablation.EditRemove, Path: []string{"recurrence"}})
	}
	if m.Sweep.Seed != nil {
		edits = append(edits, ablation.Edit{Op: ablation.EditSet, Path: []string{"seed"}, Value: quoted(*m.Sweep.Seed)})
	}
	document, err := ablation.EditDocument([]byte(m.Sweep.Document), edits...)
	if err != nil {
		return "", fmt.Errorf("put parts into the document of %s: %w", name, err)
	}
	return s.renamed(ctx, string(document), name+"-epochs"), nil
}
