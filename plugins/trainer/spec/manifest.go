package spec

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

// Launch is launch.json: the parts that haigo exec runs in order.
type Launch struct {
	LaunchVersion int    `json:"launch_version"` // 1
	Nonce         string `json:"nonce"`
	Parts         []Part `json:"parts"`
}

// Part is one process of an attempt. StartStep and EndStep bound the steps that it trains.
type Part struct {
	Name      string            `json:"name"`
	Argv      []string          `json:"argv"`
	Env       map[string]string `json:"env"` // the whole environment
	Dir       string            `json:"dir"` // working folder, relative to the attempt's folder or absolute
	StartStep int64             `json:"start_step"`
	EndStep   int64             `json:"end_step"`
}
