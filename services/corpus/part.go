package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// PartOptions say which part of a source version becomes a source of its own. All but Seed and Progress are required.
type PartOptions struct {
	Data     string          // the data folder
	Of       ablation.Source // the whole, as [Open] gives it
	Name     string          // of the part's source
	Bytes    int64           // of training text, at most
	Seed     spec.Seed       // of the sample; a smaller part of the same seed is a part of a larger one
	Progress func(Progress)  // as in [Options]
}

// Part makes a source version of a sample of another's training documents beside all of its held-out ones, so that runs on
// the part are scored on the very text that runs on the whole are. The same whole, size and seed give the same version.
//
// Options that can't be, and a size that not even one document fits into, are *ablation.Invalid.
func Part(ctx context.Context, o PartOptions) (Result, error) {
	t, err := o.begin()
	if t != nil {
		defer func() { t.discard() }()
	}
	if err == nil {
		err = o.read(ctx, t)
	}
	if err != nil {
		return Result{}, fmt.Errorf("take a part of %s: %w", o.Of.Name, err)
	}
	if t, err = t.parted(ctx); err != nil {
		return Result{}, fmt.Errorf("take a part of %s: %w", o.Of.Name, err)
	}
	result, err := t.publish()
	if err == nil {
		if _, err = Measure(ctx, result.Dir); err != nil {
			withdraw([]Result{result})
		}
	}
	if err != nil {
		return Result{}, fmt.Errorf("take a part of %s: %w", o.Of.Name, err)
	}
	return result, nil
}

// begin is an intake that holds out what the whole does.
func (o PartOptions) begin() (*intake, error) {
	switch {
	case o.Of.Role != ablation.RoleTrain:
		return nil, &ablation.Invalid{Problems: invalid("of", o.Of.Name, o.Of.Name+" has no training text to take a part of", o.Of.Name+" には学習用のテキストがありません")}
	case o.Bytes <= 0:
		return nil, &ablation.Invalid{Problems: invalid("bytes", fmt.Sprint(o.Bytes), "say how large the part is, as in 10M", "10M のように、大きさを指定してください")}
	}
	options, err := Options{
		Data: o.Data, Name: o.Name, Lang: o.Of.Lang, Paths: []string{o.Of.Dir}, Bytes: o.Bytes, Seed: o.Seed, Origin: o.origin(),
	}.checked()
	if err != nil {
		return nil, err
	}
	heldout, err := heldoutEntries(o.Of.Dir)
	if err != nil {
		return nil, err
	}
	return newIntake(options, filepath.Join(o.Data, "sources"), heldout[len(heldout)-1].hash)
}

// origin is the whole's, and the whole.
func (o PartOptions) origin() []spec.Origin {
	var out []spec.Origin
	for _, v := range o.Of.Origin {
		out = append(out, spec.Origin(v))
	}
	return append(out, spec.Origin{Path: o.Of.ID()})
}

// read takes the whole's documents in, the held-out ones whatever the quota says.
func (o PartOptions) read(ctx context.Context, t *intake) error {
	inputs, err := o.inputs()
	if err != nil {
		return err
	}
	r := newReading(t.options, inputs)
	r.options.Progress = o.Progress
	r.intakes[t.options.Name] = t
	cleaning := newCleaning(t.options)
	s := stream[*cleaned]{read: ownLines, work: cleaning.work, next: r.next, take: func(b *batch, result *cleaned) error {
		defer cleaning.done(result)
		defer r.reportNow(b.disk)
		return result.each(func(d *document, line []byte) error {
			switch {
			case d.problem != nil:
				return fmt.Errorf("read %s", d.problem)
			case d.hash() <= t.upTo:
				return t.write(d, line)
			}
			return t.take(b.input, d, line)
		})
	}}
	return s.run(ctx, inputs)
}

// inputs are the whole's files.
func (o PartOptions) inputs() ([]input, error) {
	m, _, err := spec.ReadManifest(filepath.Join(o.Of.Dir, spec.ManifestFile))
	if err != nil {
		return nil, err
	}
	var out []input
	for _, f := range append(m.Files, m.Heldout) {
		path := filepath.Join(o.Of.Dir, filepath.FromSlash(f.Path))
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		out = append(out, input{path: path, bytes: info.Size()})
	}
	return out, nil
}

// parted is the intake with the quota's sample alone.
func (t *intake) parted(ctx context.Context) (*intake, error) {
	if err := t.finish(); err != nil {
		return t, err
	}
	q := t.quota
	if len(q.below) == 0 {
		return t, &ablation.Invalid{Problems: tooSmallQuota(t.options)}
	}
	if q.left() == 0 {
		return t, nil
	}
	t.tally.count(NotSampled, q.left())
	upTo := t.upTo
	return t.sift(ctx, upTo, func(d *document) bool { return d.hash() <= upTo || q.holds(d) })
}
