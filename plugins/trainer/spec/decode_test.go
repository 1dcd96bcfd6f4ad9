package spec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/spec/spectest"
)

func TestDecodeSpec_roundTrip(t *testing.T) {
	t.Parallel()
	bare := spectest.Spec()
	bare.Init, bare.Checkpoint.ResumeFrom = nil, nil
	for _, want := range []*spec.Spec{spectest.Spec(), bare} {
		got, err := spec.DecodeSpec(encode(t, want))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

func TestEncode_writesNoNullList(t *testing.T) {
	t.Parallel()
	text := string(encode(t, &spec.Spec{}))
	if got := strings.Count(text, "null"); got != 2 { // init and resume_from
		t.Errorf("got %d nulls, want 2:\n%s", got, text)
	}
}

func TestDecodeSpec_refusesOtherJSON(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ name, old, new, want string }{
		{"an unknown field", `"run_id":`, `"extras": 1, "run_id":`, "extras: unknown field; remove it, or check its spelling"},
		{"an unknown field inside", `"layers":`, `"depth": 1, "layers":`, "model.depth: unknown field; remove it, or check its spelling"},
		{"another case", `"steps": 20,`, `"Steps": 20,`, "Steps: unknown field; remove it, or check its spelling; steps: is missing"},
		{"a field twice", `"steps": 20,`, `"steps": 20, "steps": 20,`, "steps: is given twice"},
		{"a missing seed", `"mix_seed": "0123456789abcdef",`, ``, "mix_seed: is missing"},
		{"a missing null", `"init": {`, `"init_": {`, "init_: unknown field; remove it, or check its spelling; init: is missing"},
		{"a null number", `"steps": 20`, `"steps": null`, "steps: needs a value, got null"},
		{"a fraction for a count", `"steps": 20`, `"steps": 20.5`, "steps: want a whole number, got 20.5"},
		{"a string for a count", `"layers": 2`, `"layers": "2"`, `model.layers: want a whole number, got "2"`},
		{"a seed as a number", `"0123456789abcdef"`, `81985529216486895`, "mix_seed: want a string of 16 hex digits, got 81985529216486895"},
		{"a short seed", `"0123456789abcdef"`, `"123"`, `mix_seed: a seed is a string of 16 hex digits, got "123"`},
		{"a bare NaN", `"clip": 1`, `"clip": NaN`, "the text isn't one JSON value: line 73: invalid character 'N' looking for beginning of value"},
		{"a list of the wrong length", "13,\n        15", "13", "interventions[1].skip: want a list of 2, got 1"},
		{"an object for a list", `"sources": [`, `"sources": {}, "sources_": [`, "sources: want a list, got {}; sources_: unknown field; remove it, or check its spelling"},
		{"bytes that aren't text", `"cosine"`, "\"\xff\"", "the text isn't UTF-8"},
		{"a later version", `"spec_version": 1`, `"spec_version": 2`, "spec_version: this program reads version 1, the file is version 2; use programs of one release"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			text := string(encode(t, spectest.Spec()))
			if !strings.Contains(text, v.old) {
				t.Fatalf("%q isn't in\n%s", v.old, text)
			}
			_, err := spec.DecodeSpec([]byte(strings.Replace(text, v.old, v.new, 1)))
			if invalid := (*spec.Invalid)(nil); !errors.As(err, &invalid) || err.Error() != v.want {
				t.Errorf("got  %v\nwant %s", err, v.want)
			}
		})
	}
}

func TestDecodeSpec_optionalFields(t *testing.T) {
	t.Parallel()
	s := spectest.Spec()
	s.Log, s.Interventions, s.Resources, s.Extra = spec.Log{}, nil, spec.Resources{}, nil
	text := string(encode(t, s))
	for _, part := range []string{
		"  \"log\": {\n    \"every_steps\": 0\n  },\n", "  \"interventions\": [],\n",
		",\n  \"resources\": {\n    \"threads\": 0,\n    \"devices\": [],\n    \"memory_bytes\": 0,\n    \"walltime_s\": 0\n  },\n  \"extra\": {}",
	} {
		if !strings.Contains(text, part) {
			t.Fatalf("%q isn't in\n%s", part, text)
		}
		text = strings.Replace(text, part, "", 1)
	}
	got, err := spec.DecodeSpec([]byte(text))
	if diff := cmp.Diff(s, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got.Log.Every() != 1 {
		t.Errorf("log.every_steps is %d, want 1", got.Log.Every())
	}
}

func encode(t testing.TB, s *spec.Spec) []byte {
	t.Helper()
	data, err := spec.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
