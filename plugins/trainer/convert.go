package trainer

import (
	"encoding/json"
	"fmt"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/trainerpb"
)

func descriptionToWire(d Description) (*trainerpb.DescribeResponse, error) {
	response := &trainerpb.DescribeResponse{
		Name: d.Name, Version: d.Version, Packs: d.Packs, NativeSchedules: d.NativeSchedules,
		Unit: d.Unit, Deterministic: d.Deterministic, Isas: d.ISAs, Precisions: d.Precisions,
		Absent: d.Absent, AbsentJa: d.AbsentJA, Tokenize: d.Tokenize,
	}
	for _, v := range d.Tokenizers {
		response.Tokenizers = append(response.Tokenizers, &trainerpb.Tokenizer{Name: v.Name, Vocab: int32(v.Vocab)})
	}
	for _, v := range d.Devices {
		response.Devices = append(response.Devices,
			&trainerpb.Device{Name: v.Name, Threads: int32(v.Threads), MemoryBytes: v.MemoryBytes})
	}
	for _, v := range d.Shapes {
		model, err := json.Marshal(v.Model)
		if err != nil {
			return nil, fmt.Errorf("encode shape %s: %w", v.Name, err)
		}
		response.Shapes = append(response.Shapes, &trainerpb.Shape{
			Name: v.Name, Model: model, PeakLr: v.PeakLR, StepTokens: v.StepTokens, Beta2: v.Beta2, ZLoss: v.ZLoss,
		})
	}
	return response, nil
}

func descriptionFromWire(r *trainerpb.DescribeResponse) (Description, error) {
	d := Description{
		Name: r.GetName(), Version: r.GetVersion(), Packs: r.GetPacks(), NativeSchedules: r.GetNativeSchedules(),
		Unit: r.GetUnit(), Deterministic: r.GetDeterministic(), ISAs: r.GetIsas(), Precisions: r.GetPrecisions(),
		Absent: r.GetAbsent(), AbsentJA: r.GetAbsentJa(), Tokenize: r.GetTokenize(),
	}
	for _, v := range r.GetTokenizers() {
		d.Tokenizers = append(d.Tokenizers, Tokenizer{Name: v.GetName(), Vocab: int(v.GetVocab())})
	}
	for _, v := range r.GetDevices() {
		d.Devices = append(d.Devices, Device{Name: v.GetName(), Threads: int(v.GetThreads()), MemoryBytes: v.GetMemoryBytes()})
	}
	for _, v := range r.GetShapes() {
		shape := Shape{Name: v.GetName(), PeakLR: v.GetPeakLr(), StepTokens: v.GetStepTokens(), Beta2: v.GetBeta2(), ZLoss: v.GetZLoss()}
		if err := json.Unmarshal(v.GetModel(), &shape.Model); err != nil {
			return Description{}, fmt.Errorf("decode shape %s: %w", v.GetName(), err)
		}
		d.Shapes = append(d.Shapes, shape)
	}
	return d, nil
}

func reportToWire(r Report) *trainerpb.CheckResponse {
	response := &trainerpb.CheckResponse{
		Parameters: r.Parameters, FlopsPerToken: r.FLOPsPerToken, MemoryBytes: r.MemoryBytes,
		TokensPerS: r.TokensPerS, Rows: r.Rows, Epochs: r.Epochs, Pack: int32(r.Pack),
	}
	for _, p := range r.Problems {
		response.Problems = append(response.Problems, &trainerpb.Problem{Field: p.Field, Message: p.Message, MessageJa: p.MessageJA})
	}
	return response
}

func reportFromWire(r *trainerpb.CheckResponse) Report {
	report := Report{
		Parameters: r.GetParameters(), FLOPsPerToken: r.GetFlopsPerToken(), MemoryBytes: r.GetMemoryBytes(),
		TokensPerS: r.GetTokensPerS(), Rows: r.GetRows(), Epochs: r.GetEpochs(), Pack: int(r.GetPack()),
	}
	for _, p := range r.GetProblems() {
		report.Problems = append(report.Problems, Problem{Field: p.GetField(), Message: p.GetMessage(), MessageJA: p.GetMessageJa()})
	}
	return report
}

func planToWire(p Plan) *trainerpb.PlanResponse {
	response := &trainerpb.PlanResponse{}
	for _, f := range p.Files {
		response.Files = append(response.Files, &trainerpb.PlanFile{Path: f.Path, Content: f.Content})
	}
	for _, v := range p.Parts {
		response.Parts = append(response.Parts, &trainerpb.Part{
			Name: v.Name, Argv: v.Argv, Env: v.Env, Dir: v.Dir, StartStep: v.StartStep, EndStep: v.EndStep,
		})
	}
	return response
}

func planFromWire(r *trainerpb.PlanResponse) Plan {
	var p Plan
	for _, f := range r.GetFiles() {
		p.Files = append(p.Files, PlanFile{Path: f.GetPath(), Content: f.GetContent()})
	}
	for _, v := range r.GetParts() {
		p.Parts = append(p.Parts, spec.Part{
			Name: v.GetName(), Argv: v.GetArgv(), Env: v.GetEnv(), Dir: v.GetDir(),
			StartStep: v.GetStartStep(), EndStep: v.GetEndStep(),
		})
	}
	return p
}
