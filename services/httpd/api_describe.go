package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// complete adds to the description what the framework can't know: which refusals each operation has, what charts are made
// of, and an example of every parameter, request and answer.
func (o operations) complete() {
	document := o.OpenAPI()
	for _, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				o.completeOperation(op)
			}
		}
	}
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // inOurForm answers instead
		delete(document.Components.Schemas.Map(), unused)
	}
}

func (o operations) completeOperation(op *huma.Operation) {
	delete(op.Responses, "default")
	for _, status := range refusals(op) {
		op.Responses[strconv.Itoa(status)] = o.refusal(op, status)
	}
	switch op.OperationID {
	case "apply-sweep":
		op.Responses["200"].Description = "Started before"
		created := *op.Responses["200"]
		created.Description = "Started"
		op.Responses["201"] = &created
	case "get-sweep-chart", "get-run-chart", "get-compare-chart":
		op.Responses["304"] = &huma.Response{Description: "If-None-Match names the figure as it is"}
		op.Responses["200"].Content["application/json"].Schema = o.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[chart.Figure](), true, "")
	}
	addExamples(op)
}

// refusals are the statuses, beside those of success, that an operation may answer.
func refusals(op *huma.Operation) []int {
	statuses := []int{http.StatusUnauthorized, http.StatusMisdirectedRequest, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if strings.Contains(op.Path, "{") || op.OperationID == "create-share" || op.OperationID == "compare-arms" {
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.Method != http.MethodGet {
		statuses = append(statuses, http.StatusForbidden)
	}
	if op.Method == http.MethodPost && op.OperationID != "plan-sweep" && op.OperationID != "survey-text" {
		statuses = append(statuses, http.StatusConflict)
	}
	if op.RequestBody != nil {
		op.RequestBody.Required = true
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge)
		if op.RequestBody.Content["application/json"] != nil {
			statuses = append(statuses, http.StatusUnsupportedMediaType)
		}
	}
	if op.RequestBody != nil || slices.ContainsFunc(op.Parameters, checked) {
		statuses = append(statuses, http.StatusUnprocessableEntity)
	}
	if op.Method == http.MethodGet && slices.ContainsFunc(op.Parameters, endless) {
		statuses = append(statuses, http.StatusRequestHeaderFieldsTooLarge)
	}
	switch op.OperationID {
	case "delete-sweep":
		statuses = append(statuses, http.StatusConflict)
	case "get-decision":
		statuses = append(statuses, http.StatusConflict)
	}
	return statuses
}

// checked reports whether a parameter may be found wrong: where it isn't any text.
func checked(p *huma.Param) bool {
	s := p.Schema
	return s.Type != huma.TypeString || len(s.Enum) > 0 || s.MinLength != nil
}

// endless reports whether a parameter may stand in an address so often that no server reads it.
func endless(p *huma.Param) bool { return p.Schema.Type == huma.TypeArray }

func (o operations) refusal(op *huma.Operation, status int) *huma.Response {
	if status == http.StatusRequestHeaderFieldsTooLarge { // before anything of ours is asked
		text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: "431 Request Header Fields Too Large"}
		return &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{"text/plain": text}}
	}
	schema := o.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "")
	return &huma.Response{
		Description: http.StatusText(status),
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema, Example: refusalExample(op, status)}},
	}
}

// refusalExample is what the server says in such a case, by the functions that say it.
func refusalExample(op *huma.Operation, status int) problem {
	switch status {
	case http.StatusUnauthorized:
		return newProblem(errToken)
	case http.StatusMisdirectedRequest:
		return newProblem(foreignName())
	case http.StatusForbidden:
		return newProblem(foreignPage())
	case http.StatusNotFound:
		return newProblem(ablation.ErrNotFound)
	case http.StatusConflict:
		return newProblem(ablation.ErrConflict)
	case http.StatusUnprocessableEntity:
		return newProblem(&ablation.Invalid{Problems: []ablation.Problem{invalidExample(op)}})
	case http.StatusServiceUnavailable:
		return newProblem(unavailable(op))
	case http.StatusInternalServerError:
		return newProblem(errors.New("anything else"))
	}
	return problem{Title: http.StatusText(status), Status: status, Detail: detail(nil, status)}
}

// unavailable is why an operation isn't to be had for a while.
func unavailable(op *huma.Operation) error {
	switch op.OperationID {
	case "watch-events":
		return errStreams
	case "get-decision":
		return errDeciding
	}
	return context.DeadlineExceeded
}

// invalidExample is a problem at the first place where this operation can find one.
func invalidExample(op *huma.Operation) ablation.Problem {
	if op.RequestBody != nil && op.RequestBody.Content["application/json"] == nil {
		return ablation.Problem{
			Field: "schedules.ja70.stages[0].mixture", Line: 16, Column: 29, Text: "{web-ja: 0.7, web-en: 0.2}",
			Message: ablation.Label{EN: "the shares sum to 0.9, 0.1 is missing", JA: "合計が 0.9 です。0.1 足りません"},
		}
	}
	if op.OperationID == "add-source" || op.OperationID == "survey-text" {
		return ablation.Problem{Field: "body.path", Text: "/corpora/ja", Message: ablation.Label{
			EN: "/corpora/ja: no such file or folder, and no file matches it as a glob; check the path", JA: "/corpora/ja:ファイルもフォルダーもなく、グロブに合うものもありません。パスを確かめてください",
		}}
	}
	if op.RequestBody != nil {
		return ablation.Problem{Field: "body.days", Text: "4000", Message: ablation.Label{EN: "expected number <= 365"}}
	}
	p := op.Parameters[slices.IndexFunc(op.Parameters, checked)]
	return ablation.Problem{Field: p.In + "." + p.Name, Text: "x", Message: ablation.Label{EN: "invalid value"}}
}

// schemaName names the schemas of other packages after these too, so that an arm of a chart isn't taken for an arm.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[problem]() {
		return "Refusal"
	}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	switch of := path.Base(t.PkgPath()); of {
	case ".", "ablation", "httpd":
		return name
	default:
		return strings.ToUpper(of[:1]) + of[1:] + name
	}
}

// securitySchemes are the two ways to show the admin token.
func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "The admin token"},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "What the log-in page gives to browsers"},
	}
}

// security is which of them this server asks for: none where it has no token.
func (g guard) security() []map[string][]string {
	if g.token == "" {
		return nil
	}
	return []map[string][]string{{"token": {}}, {"session": {}}}
}

// addExamples gives an operation the examples that are stored for it.
func addExamples(op *huma.Operation) {
	for _, p := range op.Parameters {
		p.Example = parameterExample(op, p.Name)
	}
	if op.RequestBody != nil {
		for kind, content := range op.RequestBody.Content {
			if content.Example = requestExample(op, kind); content.Schema.Ref == "" {
				content.Schema.MinLength = new(1)
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		for kind, content := range op.Responses[status].Content {
			if content.Example == nil {
				content.Example = answerExample(op.OperationID, kind)
			}
		}
	}
}

func answerExample(operation, kind string) any {
	data := mustExample(operation + extension(kind))
	if kind == "application/json" {
		return json.RawMessage(data)
	}
	return string(data)
}
