package chart

import (
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// slug is a metric's name as a part of an id.
func slug(metric string) string { return strings.NewReplacer("/", "-", ".", "-").Replace(metric) }

// langOf is the language that a metric is of, or "".
func langOf(metric string) string {
	name, ok := strings.CutPrefix(metric, ablation.BPB(""))
	if ok && slices.Contains(order, name) {
		return name
	}
	return ""
}

// LangOf is the language whose held-out text a metric is of, or "".
func LangOf(metric string) string { return langOf(metric) }

// Hint says in a few words how to read a metric.
func Hint(metric string) ablation.Label { return curveHint(metric) }

// DifferenceHint says in a few words how to read a metric's differences from a baseline.
func DifferenceHint(metric string) ablation.Label { return differenceHint(metric) }

// FormatOf is how a metric's values are written.
func FormatOf(metric string) Format { return valueFormat(metric) }

// setName is what a metric's line is called: its set or language, else the metric itself.
func setName(metric string) ablation.Label {
	if name, ok := strings.CutPrefix(metric, ablation.BPB("")); ok {
		return language(name)
	}
	return same(metric)
}

func curveTitle(metric string) ablation.Label {
	name, ok := strings.CutPrefix(metric, ablation.BPB(""))
	if !ok {
		return same(metric)
	}
	if language(name) != same(name) {
		return say("%sの検証セット", "%s held-out text", language(name))
	}
	return say("%s の検証セット", "%s held-out text", same(name))
}

// curveHint says in a few words how to read a metric.
func curveHint(metric string) ablation.Label {
	switch metric {
	case ablation.MetricLoss:
		return say("訓練、1 トークンあたり nats", "training, nats per token")
	case ablation.MetricGradNorm:
		return say("クリップ前", "before clipping")
	case ablation.MetricLR:
		return say("学習率", "learning rate")
	case ablation.MetricTokensPerS:
		return say("1 秒あたりトークン", "tokens per second")
	case ablation.MetricMFU:
		return say("モデル FLOPs 利用率", "model FLOPs utilisation")
	case ablation.MetricSeconds:
		return say("開始からの時間", "since the start")
	}
	return directed(!analysis.LowerIsBetter(metric))
}

func directed(rising bool) ablation.Label {
	if rising {
		return say("高いほどよい", "higher is better")
	}
	return say("低いほどよい", "lower is better")
}

// axisOf is what a metric's axis measures. Metrics that are good low or high are drawn close; the others from 0.
func axisOf(metric string) Axis {
	switch {
	case metric == ablation.MetricLoss:
		return Axis{Name: say("nats / トークン", "nats per token"), Format: FormatFixed2, Good: "low"}
	case metric == ablation.MetricLR:
		return Axis{Format: FormatScientific}
	case metric == ablation.MetricTokensPerS:
		return Axis{Format: FormatTokens}
	case metric == ablation.MetricMFU:
		return Axis{Format: FormatPercent}
	case metric == ablation.MetricSeconds:
		return Axis{Format: FormatDuration}
	case strings.HasSuffix(metric, "/bpb"), strings.HasPrefix(metric, ablation.BPB("")):
		return Axis{Name: same("bits per byte"), Format: FormatFixed2, Good: "low"}
	case strings.HasSuffix(metric, "/accuracy"):
		return Axis{Name: say("正答率", "accuracy"), Format: FormatPercent, Good: "high"}
	case strings.HasSuffix(metric, "/exact"):
		return Axis{Name: say("完全一致", "exact match"), Format: FormatPercent, Good: "high"}
	case strings.HasSuffix(metric, "/f1"):
		return Axis{Name: say("文字 F1", "F1 of characters"), Format: FormatPercent, Good: "high"}
	case strings.HasSuffix(metric, "/margin"):
		return Axis{Name: say("正解と最良の誤答の差（bits per byte）", "gold above the best wrong choice (bits per byte)"), Format: FormatFixed2, Good: "high"}
	}
	return Axis{Format: FormatFixed2}
}

// valueFormat is how a metric's values stand in a table.
func valueFormat(metric string) Format {
	switch {
	case metric == ablation.MetricLR:
		return FormatScientific
	case metric == ablation.MetricTokensPerS:
		return FormatInteger
	case metric == ablation.MetricSeconds:
		return FormatDuration
	case metric == ablation.MetricMFU, strings.HasSuffix(metric, "/accuracy"), strings.HasSuffix(metric, "/exact"), strings.HasSuffix(metric, "/f1"):
		return FormatPercent1
	}
	return FormatFixed3
}
