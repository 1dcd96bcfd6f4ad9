package httpd

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/haigo-lab/haigo/services/ablation"
)

// inOurForm gives what the framework finds wrong the form that all our problems have.
func inOurForm(_ huma.Context, _ string, answer any) (any, error) {
	model, ok := answer.(*huma.ErrorModel)
	if !ok {
		return answer, nil
	}
	p := problem{Title: http.StatusText(model.Status), Status: model.Status, Detail: detail(nil, model.Status)}
	for _, found := range model.Errors {
		p.Problems = append(p.Problems, problemOf(found, model.Status))
	}
	return p, nil
}

// problemOf names the place and the text. Of a body that can't be read it says so in our words: the framework's are about
// our types.
func problemOf(found *huma.ErrorDetail, status int) ablation.Problem {
	p := ablation.Problem{Field: found.Location, Message: ablation.Label{EN: found.Message}}
	_, unread := found.Value.(string)
	switch {
	case found.Location == "body" && status == http.StatusBadRequest:
		p.Message = ablation.Label{EN: "this isn't JSON", JA: "JSON として読めません"}
	case found.Location == "body" && unread:
		p.Message = ablation.Label{EN: "a value is of another type than the description has, or too large for it", JA: "値の型が定義と異なるか、値が大きすぎます"}
	default:
		p.Text = scalar(found.Value)
	}
	return p
}

// scalar is a value as it was sent; of objects and lists, which may hold anything, nothing is said.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool, float64, float32, int, int64:
		return fmt.Sprint(v)
	}
	return ""
}

// finite reports whether text may be a number; whether it is one is asked later.
func finite(text string) bool {
	v, err := strconv.ParseFloat(text, 64)
	return text != "" && (err != nil || !math.IsNaN(v) && !math.IsInf(v, 0))
}

// refuseEmpty refuses numbers that are given without a digit: the framework would take ?limit= for no limit at all, and NaN
// for a number in any bounds.
func (o operations) refuseEmpty(ctx huma.Context, next func(huma.Context)) {
	address := ctx.URL()
	given := address.Query()
	for _, p := range ctx.Operation().Parameters {
		if p.In != "query" || p.Schema.Type != huma.TypeInteger && p.Schema.Type != huma.TypeNumber || !given.Has(p.Name) || finite(given.Get(p.Name)) {
			continue
		}
		_ = huma.WriteErr(o.API, ctx, http.StatusUnprocessableEntity, "", &huma.ErrorDetail{ // the client has left: nobody to tell
			Location: "query." + p.Name, Message: "expected a number; leave the parameter out for the default",
		})
		return
	}
	next(ctx)
}
