package task

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// results is what is read of a file of lm-evaluation-harness, of version 0.3 or 0.4.
type results struct {
	Results map[string]map[string]json.RawMessage `json:"results"`
	Shots   map[string]json.RawMessage            `json:"n-shot"`
	Samples map[string]struct {
		Effective int64 `json:"effective"`
	} `json:"n-samples"`
	Model  string  `json:"model_name"`
	Date   float64 `json:"date"` // Unix seconds
	Config struct {
		Model     string          `json:"model"`
		ModelArgs json.RawMessage `json:"model_args"`
		Shots     json.RawMessage `json:"num_fewshot"`
	} `json:"config"`
}

// ReadResults reads a result file of lm-evaluation-harness: one reference a task and metric, by task, then metric. Its
// filter, where it isn't none, stays a part of the metric's name. What is no such file is *ablation.Invalid.
func ReadResults(path string) ([]ablation.Reference, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ablation.Refusal{Kind: ablation.ErrNotFound, Message: ablation.Label{
			EN: fmt.Sprintf("there is no file %s", path), JA: fmt.Sprintf("ファイル %s がありません", path),
		}}
	}
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	name := filepath.Base(path)
	var r results
	if err := json.Unmarshal(unnumbered(data), &r); err != nil || len(r.Results) == 0 {
		return nil, noResults(name, err)
	}
	var list []ablation.Reference
	for _, task := range slices.Sorted(maps.Keys(r.Results)) {
		list = append(list, r.of(task, name)...)
	}
	if len(list) == 0 {
		return nil, noResults(name, errors.New("no task has a number"))
	}
	return list, nil
}

// bareValue is one of the values that Python's json writes and JSON doesn't have, where a value may stand.
var bareValue = regexp.MustCompile(`([:\[,]\s*)(?:NaN|-?Infinity)(\s*[,\]}])`)

// unnumbered has null where the file has NaN or an infinity.
func unnumbered(data []byte) []byte {
	for range 2 { // neighbours in a list share a comma
		data = bareValue.ReplaceAll(data, []byte("${1}null$2"))
	}
	return data
}

func noResults(file string, err error) error {
	if err == nil {
		err = errors.New(`it has no "results"`)
	}
	return &ablation.Invalid{Problems: []ablation.Problem{{File: file, Message: ablation.Label{
		EN: fmt.Sprintf("isn't a result file of lm-evaluation-harness: %v; give the results_….json that it writes", err),
		JA: fmt.Sprintf("lm-evaluation-harness の結果ファイルではありません（%v）。出力された results_….json を指定してください", err),
	}}}}
}

// of are the metrics of one task; beside a metric stands its standard error.
func (r results) of(task, file string) []ablation.Reference {
	values := r.Results[task]
	var list []ablation.Reference
	for _, key := range slices.Sorted(maps.Keys(values)) {
		metric, filter, _ := strings.Cut(key, ",")
		value, ok := number(values[key])
		if !ok || strings.HasSuffix(metric, "_stderr") || metric == "sample_len" {
			continue
		}
		ref := ablation.Reference{
			Model: r.model(), Task: task, Metric: metric, Value: ablation.Real(value), Shots: r.shots(task), Items: r.Samples[task].Effective, File: file,
		}
		if filter != "" && filter != "none" {
			ref.Metric = metric + " (" + filter + ")"
		}
		if e, ok := number(values[strings.TrimSuffix(metric+"_stderr,"+filter, ",")]); ok {
			ref.StandardError = (*ablation.Real)(&e)
		}
		if r.Date > 0 {
			at := time.Unix(int64(r.Date), 0).UTC()
			ref.RanAt = &at
		}
		list = append(list, ref)
	}
	return list
}

func number(raw json.RawMessage) (float64, bool) {
	var v *float64
	if err := json.Unmarshal(raw, &v); err != nil || v == nil {
		return 0, false
	}
	return *v, !math.IsNaN(*v) && !math.IsInf(*v, 0)
}

// model is the name that was given, else what the arguments load, else the kind of model.
func (r results) model() string {
	var args string
	if json.Unmarshal(r.Config.ModelArgs, &args) != nil {
		var object map[string]any
		_ = json.Unmarshal(r.Config.ModelArgs, &object) // neither: there is none
		if p, ok := object["pretrained"].(string); ok {
			args = "pretrained=" + p
		}
	}
	for _, arg := range strings.Split(args, ",") {
		if p, ok := strings.CutPrefix(arg, "pretrained="); ok {
			args = p
			break
		}
	}
	return cmp.Or(r.Model, args, r.Config.Model, "unknown")
}

// shots is how many examples a task had; 0.3 says it once for all.
func (r results) shots(task string) int {
	for _, raw := range []json.RawMessage{r.Shots[task], r.Config.Shots} {
		var n int
		if raw != nil && json.Unmarshal(raw, &n) == nil {
			return n
		}
	}
	return 0
}
