package httpd

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/storage"
)

// Storage says what takes space, and deletes.
type Storage interface {
	Use(ctx context.Context) (storage.Use, error)
	Collect(ctx context.Context) ([]storage.Item, error) // changes nothing
	Loss(ctx context.Context, sweep string) (ablation.Loss, error)
	Delete(ctx context.Context, sweep string) error
}

// storageView is what takes space.
type storageView struct {
	storage.Use
	Collectable []collectable
	Sum         int64 // of them
}

// Taken is the part of the disk that isn't free.
func (v storageView) Taken() float64 { return clamp(1 - float64(v.Free)/float64(max(v.Size, 1))) }

// collectable is what may go, of one kind.
type collectable struct {
	Kind  storage.Kind
	Count int
	Bytes int64
}

func (s *Server) storagePage(w http.ResponseWriter, r *http.Request) {
	use, err := s.options.Storage.Use(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	items, err := s.options.Storage.Collect(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := storageView{Use: use}
	for _, item := range items {
		v.add(item)
	}
	s.render(w, r, view{page: "storage", title: s.words(r).text("nav.storage"), nav: "storage", data: v})
}

func (v *storageView) add(item storage.Item) {
	if item.Kind != storage.Unknown {
		v.Sum += item.Bytes
	}
	for i := range v.Collectable {
		if v.Collectable[i].Kind == item.Kind {
			v.Collectable[i].Count++
			v.Collectable[i].Bytes += item.Bytes
			return
		}
	}
	v.Collectable = append(v.Collectable, collectable{item.Kind, 1, item.Bytes})
}

// keepView is for how long a sweep's bulk is kept, and how to be rid of all of it.
type keepView struct {
	sweepHead
	Fields     []keepField
	Archived   bool
	Loss       ablation.Loss
	Confirm    string // as it was typed
	WrongNames bool   // it isn't the sweep's name
}

// keepField is the days of one kind of bulk, as text: empty is for good.
type keepField struct {
	Kind  ablation.Kept
	Days  string
	Wrong string
}

func keepFields(k ablation.Keep) []keepField {
	var fields []keepField
	for _, of := range []ablation.Kept{ablation.KeptPoints, ablation.KeptCheckpoints, ablation.KeptLogs} {
		f := keepField{Kind: of}
		if n := k.Days(of); n != nil {
			f.Days = strconv.Itoa(*n)
		}
		fields = append(fields, f)
	}
	return fields
}

func (s *Server) keepPage(w http.ResponseWriter, r *http.Request) {
	s.renderKeep(w, r, http.StatusOK, func(*keepView) {})
}

func (s *Server) renderKeep(w http.ResponseWriter, r *http.Request, code int, change func(*keepView)) {
	d, ok := s.sweepPageData(w, r)
	if !ok {
		return
	}
	loss, err := s.options.Storage.Loss(r.Context(), d.Sweep.Name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := keepView{sweepHead: d.head("keep"), Fields: keepFields(d.Sweep.Keep), Archived: d.Sweep.ArchivedAt != nil, Loss: loss}
	change(&v)
	s.render(w, r, view{status: code, page: "sweep-keep", title: d.Sweep.Name, nav: "sweeps", path: d.url() + "/keep", data: v})
}

// keep takes the days; what is wrong with them is said beside their fields.
func (s *Server) keep(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	name := chi.URLParam(r, "sweep")
	k, fields, ok := readKeep(r, s.words(r))
	if ok {
		err := s.options.Store.SetKeep(r.Context(), name, k)
		var bad *ablation.Invalid
		if err == nil {
			http.Redirect(w, r, sweepURL(name)+"/keep", http.StatusSeeOther)
			return
		}
		if !errors.As(err, &bad) {
			s.fail(w, r, err)
			return
		}
		for _, p := range bad.Problems {
			for i := range fields {
				if string(fields[i].Kind) == p.Field {
					fields[i].Wrong = p.Message.In(s.words(r).lang)
				}
			}
		}
	}
	s.renderKeep(w, r, http.StatusUnprocessableEntity, func(v *keepView) { v.Fields = fields })
}

func readKeep(r *http.Request, words words) (k ablation.Keep, fields []keepField, ok bool) {
	fields, ok = keepFields(k), true
	for i, days := range []**int{&k.Points, &k.Checkpoints, &k.Logs} {
		f := &fields[i]
		f.Days = strings.TrimSpace(r.PostFormValue(string(f.Kind)))
		if f.Days == "" {
			continue
		}
		n, err := strconv.Atoi(f.Days)
		if err != nil {
			f.Wrong, ok = words.text("keep.wrong"), false
			continue
		}
		*days = &n
	}
	return k, fields, ok
}

// deleteSweep deletes where the sweep's name was typed.
func (s *Server) deleteSweep(w http.ResponseWriter, r *http.Request) {
	name, typed := chi.URLParam(r, "sweep"), strings.TrimSpace(r.PostFormValue("confirm"))
	if typed != name {
		s.renderKeep(w, r, http.StatusUnprocessableEntity, func(v *keepView) { v.Confirm, v.WrongNames = typed, true })
		return
	}
	if err := s.options.Storage.Delete(r.Context(), name); err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a sweep was deleted by hand", "sweep", name)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
