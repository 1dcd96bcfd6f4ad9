package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

const heldoutFile = "heldout.jsonl"

// ProblemsFile holds the first few problems of each reason; it stands beside the manifest and is no part of it.
// ProblemsFile is the file in a source version's folder that names what was left out.
const ProblemsFile = "problems.jsonl"

// Open reads the source version in dir from its manifest; the text itself isn't read. CreatedAt is when the version was
// added last. A folder without a manifest is ablation.ErrNotFound.
func Open(dir string) (ablation.Source, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ablation.Source{}, fmt.Errorf("open source: %w", err)
	}
	path := filepath.Join(dir, spec.ManifestFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ablation.Source{}, fmt.Errorf("open source %s: no manifest: %w", dir, ablation.ErrNotFound)
	}
	if err != nil {
		return ablation.Source{}, fmt.Errorf("open source: %w", err)
	}
	m, digest, err := spec.ReadManifest(path)
	if err != nil {
		return ablation.Source{}, fmt.Errorf("open source: %w", err)
	}
	source := fromManifest(m)
	source.Version, source.ManifestSHA256 = digest[:8], digest
	source.Dir, source.CreatedAt = dir, info.ModTime().UTC()
	return source, nil
}

func fromManifest(m *spec.Manifest) ablation.Source {
	s := ablation.Source{
		Name: m.Name, Lang: m.Lang, Role: ablation.RoleHeldout, Rejected: maps.Clone(m.Rejected),
		HeldoutBytes: m.Heldout.Bytes, HeldoutDocuments: m.Heldout.Documents,
	}
	for _, file := range m.Files {
		s.Role = ablation.RoleTrain
		s.Bytes += file.Bytes
		s.Documents += file.Documents
	}
	for _, o := range m.Origin {
		s.Origin = append(s.Origin, ablation.Origin(o))
	}
	return s
}

// List is every source version in the data folder, by name, newest first within a name. A data folder without sources
// has none.
func List(data string) ([]ablation.Source, error) {
	// A name starts with a letter or digit, so this passes over unfinished folders.
	root := filepath.Join(data, "sources")
	manifests, err := fs.Glob(os.DirFS(root), "[a-z0-9]*/*/"+spec.ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	var sources []ablation.Source
	for _, manifest := range manifests {
		source, err := Open(filepath.Join(root, filepath.Dir(manifest)))
		if err != nil {
			return nil, fmt.Errorf("list sources: %w", err)
		}
		sources = append(sources, source)
	}
	slices.SortStableFunc(sources, func(a, b ablation.Source) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), b.CreatedAt.Compare(a.CreatedAt))
	})
	return sources, nil
}
