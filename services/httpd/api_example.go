package httpd

import (
	"embed"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// exampleFiles are the requests and answers that the API's description shows: sweep.yaml and those of requestFiles as they are
// sent, and a file an operation, as a server really answered when the tests last wrote them.
//
//go:embed example
var exampleFiles embed.FS

// mustExample panics where a file is missing: an operation was added without its example. Then run the tests of this
// package with -update.
func mustExample(name string) []byte {
	data, err := exampleFiles.ReadFile("example/" + name)
	if err != nil {
		panic(err)
	}
	return data
}

// extension is the ending of an example's name.
func extension(kind string) string {
	switch kind {
	case "text/csv":
		return ".csv"
	case "text/event-stream":
		return ".txt"
	}
	return ".json"
}

// requestFiles are the examples of what operations take as JSON.
var requestFiles = map[string]string{"create-share": "share.json", "embed-share": "embed.json", "create-channel": "channel.json", "add-source": "addition.json", "survey-text": "addition.json", "keep-sweep": "keep.json"}

func requestExample(op *huma.Operation, kind string) any {
	if kind == "application/json" {
		return json.RawMessage(mustExample(requestFiles[op.OperationID]))
	}
	return string(mustExample("sweep.yaml"))
}

// parameterExample is a value that leads to the operation's answer in the examples; nil for what is best left out.
func parameterExample(op *huma.Operation, name string) any {
	if op.Tags[0] == "compare" || op.OperationID == "get-compare-chart-csv" {
		return comparedExample(name)
	}
	switch name {
	case "sweep":
		if op.OperationID == "get-decision" {
			return "ratios"
		}
		return "ja-share"
	case "recurrence":
		return "nightly"
	case "run":
		return exampleRun
	case "source":
		return "web-ja"
	case "share", "channel", "addition":
		return 1
	case "arm":
		return "ja70"
	case "task":
		return "next-sentence-web-ja"
	case "confirm":
		if op.OperationID == "apply-sweep" {
			return nil
		}
		return "ja-share"
	case "as":
		return "ja-share-2"
	case "limit":
		return 3
	case "chart":
		return "curve"
	case "from", "from_step":
		return 0
	case "to", "to_step":
		return 8192
	case "buckets":
		return 100
	case "metric":
		if op.OperationID == "get-run-chart" || op.OperationID == "get-run-chart-csv" {
			return []string{"bpb/ja", "bpb/en"}
		}
		return "bpb/ja"
	}
	return nil
}

// comparedExample is parameterExample of the operations that compare.
func comparedExample(name string) any {
	switch name {
	case "q":
		return "ja70"
	case "chart":
		return "curve"
	case "arm":
		return []string{"ja-share/ja70", "ja-share/ja30"}
	case "metric":
		return "bpb/ja"
	case "limit":
		return 3
	}
	return frameExamples[name]
}

// frameExamples are examples of what a comparison's address may say besides.
var frameExamples = map[string]any{
	"base": "ja-share/ja30", "hide": []string{"ja-share/ja30"}, "x": "tokens", "group": "arm", "band": "range", "smooth": 5, "from": 0, "to": 8192,
}

// exampleRun is the run ja70-s1 of the sweep ja-share: ids follow from those names.
const exampleRun = "7cc851e27df53a11"
