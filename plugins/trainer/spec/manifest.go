package spec

import (
	"fmt"
	"os"
	"path/filepath"
)

// ManifestVersion is the only manifest_version.
const ManifestVersion = 1

// Manifest is the manifest.json of a source version. The SHA-256 of its bytes is the source's identity.
type Manifest struct {
	ManifestVersion int              `json:"manifest_version"` // 1
	Name            string           `json:"name"`
	Lang            string           `json:"lang"`  // BCP 47, or "code", "other"
	Files           []File           `json:"files"` // training documents, in reading order
	Heldout         File             `json:"heldout"`
	Rejected        map[string]int64 `json:"rejected"` // documents left out, by reason
	Origin          []Origin         `json:"origin"`
}

// ReadManifest reads a source version's manifest.json strictly and checks its rules. The digest of its bytes is the
// source's identity. It doesn't open the files; [VerifyFile] does.
func ReadManifest(path string) (m *Manifest, digest string, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("read manifest: %w", err)
	}
	m = new(Manifest)
	p := decodeStrict(data, m)
	if len(p) == 0 {
		p.manifest(m)
	}
	if err := p.err(); err != nil {
		return nil, "", fmt.Errorf("read manifest %s: %w", path, err)
	}
	return m, Digest(data), nil
}

// EncodeManifest writes manifest.json, as [Encode] does spec.json.
func EncodeManifest(m *Manifest) ([]byte, error) {
	c := *m
	c.Files, c.Origin = list(c.Files), list(c.Origin)
	if c.Rejected == nil {
		c.Rejected = map[string]int64{}
	}
	data, err := encodeFile(c)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return data, nil
}

func (p *problems) manifest(m *Manifest) {
	p.need(m.ManifestVersion == ManifestVersion, "manifest_version", "is %d; this program knows version %d only",
		m.ManifestVersion, ManifestVersion)
	p.need(ValidName(m.Name), "name", "is %q; %s", m.Name, nameRule)
	p.need(langPattern.MatchString(m.Lang), "lang", `is %q; give a BCP 47 tag such as ja or en, or the label code or other`, m.Lang)
	for i, f := range m.Files {
		p.file(f, fmt.Sprintf("files[%d]", i))
	}
	if m.Heldout != (File{}) {
		p.file(m.Heldout, "heldout")
	}
}

func (p *problems) file(f File, at string) {
	p.need(filepath.IsLocal(filepath.FromSlash(f.Path)), at+".path", "is %q; give a path inside the manifest's folder", f.Path)
	p.digest(f.SHA256, at+".sha256")
	p.need(f.Bytes >= 0 && f.Documents >= 0, at, "has a negative count")
}

// File is one JSON lines file of documents ({"id","text"}); Path is relative to the manifest's folder.
// Bytes counts the UTF-8 bytes of the documents' texts, not of the file.
type File struct {
	Path      string `json:"path"`
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	Documents int64  `json:"documents"`
}

// Origin says where text came from.
type Origin struct {
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	Licence string `json:"licence,omitempty"`
	Path    string `json:"path,omitempty"` // as given
}

// Document is one line of a source's files.
type Document struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}
