package httpd

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

type additionsInput struct {
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"500"`
}

type additionInput struct {
	Body struct {
		Name    string  `json:"name" doc:"Of the source; where there is one of that name, it gets a new version"`
		Lang    string  `json:"lang" doc:"ja, en, code or another language's tag"`
		Path    string  `json:"path" doc:"File, folder or glob on the server, below the folders that it was told of"`
		Licence string  `json:"licence,omitempty"`
		Column  string  `json:"column,omitempty" doc:"Where the text stands in each row, as in text or meta.body; left out, the usual names are tried"`
		Split   string  `json:"split,omitempty" enum:"file,paragraphs,lines" doc:"Where plain text is cut into documents; left out, files of up to 4 MiB are one each, and larger ones are cut at blank lines"`
		Share   float64 `json:"heldout_share,omitempty" exclusiveMinimum:"0" exclusiveMaximum:"1" doc:"Of the documents that is held out; left out, 0.01"`
		Drop    bool    `json:"drop_near_duplicates,omitempty" doc:"Leave out training documents that hold held-out text or a task's item"`
	}
}

func (in *additionInput) addition() ablation.Addition {
	trimmed := strings.TrimSpace
	return ablation.Addition{
		Name: trimmed(in.Body.Name), Lang: trimmed(in.Body.Lang), Path: trimmed(in.Body.Path), Licence: trimmed(in.Body.Licence), Column: trimmed(in.Body.Column),
		Split: in.Body.Split, Share: in.Body.Share, DropNear: in.Body.Drop,
	}
}

// Resolve refuses what no database keeps.
func (in *additionInput) Resolve(huma.Context) (errs []error) {
	for _, v := range []struct{ field, text string }{{"licence", in.Body.Licence}, {"column", in.Body.Column}} {
		if strings.ContainsRune(v.text, 0) {
			errs = append(errs, &huma.ErrorDetail{Location: "body." + v.field, Message: "holds a zero byte; leave it out"})
		}
	}
	return errs
}

type additionID struct {
	Addition int64 `path:"addition"`
}

func (o operations) additions() {
	o.tag = "sources"
	s := o.server
	register(o, http.MethodGet, "/additions", "list-additions", "Texts that were to be added as sources with how far each is, newest first",
		func(ctx context.Context, in *additionsInput) (*body[list[ablation.Addition]], error) {
			return listOf(s.options.Store.Additions(ctx, in.Limit))
		})
	register(o, http.MethodPost, "/survey", "survey-text", "What an addition would read, and how its first document begins; stores nothing",
		func(ctx context.Context, in *additionInput) (*body[corpus.Survey], error) {
			found, err := s.options.Look(ctx, in.addition())
			return one(found, inBody(err))
		})
	register(o, http.MethodPost, "/additions", "add-source", "Have a server read text into a source; the same text asked for again is the same addition while it is read",
		func(ctx context.Context, in *additionInput) (*body[ablation.Addition], error) {
			a := in.addition()
			if _, err := s.options.Look(ctx, a); err != nil {
				return nil, inBody(err)
			}
			added, err := s.options.Store.PutAddition(ctx, a)
			if err != nil {
				return nil, err
			}
			s.options.Log.Info("a source is being added", "source", a.Name)
			return one(added, nil)
		})
	register(o, http.MethodGet, "/additions/{addition}", "get-addition", "How far an addition is, and the version of the source that it became, or why it didn't",
		func(ctx context.Context, in *additionID) (*body[ablation.Addition], error) {
			return one(s.options.Store.Addition(ctx, in.Addition))
		})
	register(o, http.MethodPost, "/additions/{addition}/cancel", "cancel-addition", "Read no more of an addition; nothing of it stays",
		func(ctx context.Context, in *additionID) (*body[ablation.Addition], error) {
			if err := s.options.Store.CancelAddition(ctx, in.Addition); err != nil {
				return nil, err
			}
			return one(s.options.Store.Addition(ctx, in.Addition))
		})
}

// inBody names the fields of problems as the request does.
func inBody(err error) error {
	var bad *ablation.Invalid
	if !errors.As(err, &bad) {
		return err
	}
	problems := slices.Clone(bad.Problems)
	for i, p := range problems {
		if p.Field == "paths" {
			p.Field = "path"
		}
		problems[i].Field = "body." + p.Field
	}
	return &ablation.Invalid{Problems: problems}
}
