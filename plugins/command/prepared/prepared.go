// Package prepared makes what a training command would otherwise have to work out by itself: which rows each step reads,
// with their digests, and held-out text as windows of tokens. All is plain little-endian arrays and tables with tabs, so
// that ten lines of any language read it. It trains nothing and writes no event. Start with [Make].
//
// In the folder prepared of the attempt:
//
//	plan.json       one line: the body of the plan event
//	sources.tsv     name, rows (n_k), path of rows.bin: uint16 [n_k, row_tokens+1]
//	batches.bin     uint32 [steps, batch_rows, 2]: number of the source and of its row, of every step of the run
//	sets.tsv        name, bytes of text, windows, path; a union has no path, and the names that it sums as a fifth field
//	sets/NAME.bin   uint16 [windows, row_tokens+1], padded with 65535: inputs are all but the last, targets all but the
//	                first, and a padded target isn't scored
package prepared

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Folder is where it all lies, in the attempt's.
const Folder = "prepared"

// pad fills windows up.
const pad = 65535

// Make prepares the attempt in folder dir, whose rows are cached in cache. What stands in its way finishes the attempt, with
// the reason, before the command runs.
func Make(ctx context.Context, dir, cache string) error {
	data, err := os.ReadFile(filepath.Join(dir, spec.SpecFile))
	if err != nil {
		return fmt.Errorf("read spec: %w", err)
	}
	s, err := spec.DecodeSpec(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", spec.SpecFile, err)
	}
	cause := write(ctx, s, dir, cache)
	if cause == nil {
		return nil
	}
	events, err := spec.OpenEvents(dir, s.Attempt)
	if err != nil {
		return errors.Join(cause, err)
	}
	return errors.Join(cause, events.Append(last(ctx, s, cause)), events.Close())
}

// last is the last word of an attempt that couldn't be prepared.
func last(ctx context.Context, s *spec.Spec, cause error) spec.Finished {
	f := spec.Finished{Outcome: spec.OutcomeFailed, Reason: cause.Error(), ReasonJA: spec.InJapanese(cause)}
	if ctx.Err() != nil {
		f = spec.Finished{
			Outcome: spec.OutcomeStopped, Reason: "asked to stop while rows were prepared", ReasonJA: "行を作っている間に停止を求められました",
		}
	}
	if r := s.Checkpoint.ResumeFrom; r != nil {
		f.Step = r.Step
	}
	return f
}

func write(ctx context.Context, s *spec.Spec, dir, cache string) error {
	if err := rows.PrepareAll(ctx, s, dir, cache); err != nil {
		return err
	}
	all, err := rows.OpenAll(s, dir, cache)
	if err != nil {
		return err
	}
	defer all.Close()
	into := filepath.Join(dir, Folder)
	if err := os.MkdirAll(filepath.Join(into, "sets"), 0o755); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	plan, err := sampler.ForSpec(s, all.Sizes())
	if err != nil {
		return err
	}
	return errors.Join(
		writeSources(s, all, dir, cache, into), writeBatches(ctx, plan, into), writeSets(s, dir, into), writePlan(ctx, s, all, plan, into),
	)
}

func writeSources(s *spec.Spec, all rows.All, dir, cache, into string) error {
	var table strings.Builder
	for i, r := range all {
		path := filepath.Join(rows.SourceOf(s, i, dir).Dir(cache), spec.RowsBinFile)
		fmt.Fprintf(&table, "%s\t%d\t%s\n", s.Sources[i].Name, r.Count, path)
	}
	return spec.WriteBytes(filepath.Join(into, "sources.tsv"), []byte(table.String()))
}

// writeBatches writes the plan as pairs of source and row.
func writeBatches(ctx context.Context, plan *sampler.Plan, into string) error {
	file, err := os.Create(filepath.Join(into, "batches.bin"))
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer file.Close()
	cursor, err := plan.At(0)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	pair := make([]byte, 8)
	for batch, ok := cursor.Next(); ok && ctx.Err() == nil; batch, ok = cursor.Next() {
		for _, row := range batch.Rows {
			k, inside := plan.Locate(row)
			binary.LittleEndian.PutUint32(pair, uint32(k))
			binary.LittleEndian.PutUint32(pair[4:], uint32(inside))
			if _, err := out.Write(pair); err != nil {
				return fmt.Errorf("prepare: %w", err)
			}
		}
	}
	if err := errors.Join(ctx.Err(), out.Flush(), file.Sync()); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

func writeSets(s *spec.Spec, dir, into string) error {
	var table strings.Builder
	sizes := map[string]int64{}
	for _, set := range s.Eval.Sets {
		if len(set.UnionOf) > 0 {
			for _, name := range set.UnionOf {
				sizes[set.Name] += sizes[name]
			}
			fmt.Fprintf(&table, "%s\t%d\t0\t\t%s\n", set.Name, sizes[set.Name], strings.Join(set.UnionOf, " "))
			continue
		}
		path := filepath.Join(into, "sets", set.Name+".bin")
		size, windows, err := writeSet(spec.Resolve(dir, set.Path), set.SHA256, s.RowTokens, path)
		if err != nil {
			return spec.Say("held-out set %s: %w", "検証セット %s：%v", set.Name, err)
		}
		sizes[set.Name] = size
		fmt.Fprintf(&table, "%s\t%d\t%d\t%s\n", set.Name, size, windows, path)
	}
	return spec.WriteBytes(filepath.Join(into, "sets.tsv"), []byte(table.String()))
}

func writeSet(from, digest string, rowTokens int, path string) (size int64, windows int, err error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return 0, 0, err
	}
	if got := spec.Digest(data); got != digest {
		return 0, 0, spec.Changed(from, got, digest)
	}
	var out []byte
	for line := range bytes.Lines(data) {
		var d spec.Document
		if err := json.Unmarshal(line, &d); err != nil {
			return 0, 0, fmt.Errorf("%s: not a document: %w", from, err)
		}
		size += int64(len(d.Text))
		for _, w := range rows.Windows(d.Text, rowTokens) {
			out, windows = appendWindow(out, w, rowTokens+1), windows+1
		}
	}
	return size, windows, spec.WriteBytes(path, out)
}

func appendWindow(out []byte, tokens []uint16, length int) []byte {
	for i := range length {
		token := uint16(pad)
		if i < len(tokens) {
			token = tokens[i]
		}
		out = binary.LittleEndian.AppendUint16(out, token)
	}
	return out
}

func writePlan(ctx context.Context, s *spec.Spec, all rows.All, plan *sampler.Plan, into string) error {
	digests, err := plan.Digests(ctx)
	if err != nil {
		return err
	}
	end, err := plan.At(plan.Steps())
	if err != nil {
		return err
	}
	event := spec.Plan{
		Rows: map[string]int64{}, PlanSHA256: digests.Plan, BlockSHA256: digests.Blocks,
		Parameters: spec.Parameters(s.Model), FLOPsPerToken: spec.Real(spec.FLOPsPerToken(s)), UnigramNats: spec.Real(all.UnigramNats(end.Drawn())),
	}
	for i, r := range all {
		event.Rows[s.Sources[i].Name] = r.Count
	}
	data, err := json.Marshal(event)
	if err != nil {
		return err
	}
	return spec.WriteBytes(filepath.Join(into, "plan.json"), append(data, '\n'))
}
