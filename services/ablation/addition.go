package ablation

import "time"

// Addition is text that somebody asked a server to read into a source, and how far that is.
type Addition struct {
	ID        int64         `json:"id"`
	Name      string        `json:"name"` // of the source
	Lang      string        `json:"lang"`
	Licence   string        `json:"licence,omitempty"`
	Path      string        `json:"path"`                    // file, folder or glob on the server; empty where it is a part of a source
	Column    string        `json:"column,omitempty"`        // of the text; empty: the usual ones
	Split     string        `json:"split,omitempty"`         // of plain text: file, paragraphs or lines; empty: by the file's size
	Share     float64       `json:"heldout_share,omitempty"` // of the documents that is held out; 0: the usual
	DropNear  bool          `json:"drop_near_duplicates,omitempty"`
	Of        string        `json:"of,omitempty"`    // the source version that it is a part of, as NAME@VERSION
	Bytes     int64         `json:"bytes,omitempty"` // of the part's training text, at most
	State     AdditionState `json:"state"`
	Progress  Reading       `json:"progress"`
	Version   string        `json:"version,omitempty"` // of the source that it became
	Message   Label         `json:"message,omitzero"`  // why it failed
	CreatedAt time.Time     `json:"created_at"`
	EndedAt   *time.Time    `json:"ended_at,omitempty"`

	Epoch int64 `json:"-"` // names who reads it: what an earlier reader says is void
}

// Reading is how far an addition is. Bytes are counted on disk.
type Reading struct {
	Files     int   `json:"files"`
	FilesAll  int   `json:"files_all"`
	Bytes     int64 `json:"bytes"`
	BytesAll  int64 `json:"bytes_all"`
	Documents int64 `json:"documents"`
	Rejected  int64 `json:"rejected"`
}

// AdditionState is what becomes of an addition.
type AdditionState string

// States of an addition.
const (
	AdditionWaiting   AdditionState = "waiting"
	AdditionReading   AdditionState = "reading"
	AdditionAdded     AdditionState = "added"
	AdditionFailed    AdditionState = "failed"
	AdditionCancelled AdditionState = "cancelled"
)

// Ended reports whether nothing more becomes of it.
func (s AdditionState) Ended() bool { return s != AdditionWaiting && s != AdditionReading }

// Asks reports whether both ask for the same of the same text.
func (a Addition) Asks(b Addition) bool {
	asked := func(v Addition) Addition {
		return Addition{
			Name: v.Name, Lang: v.Lang, Licence: v.Licence, Path: v.Path, Column: v.Column, Split: v.Split, Share: v.Share, DropNear: v.DropNear, Of: v.Of, Bytes: v.Bytes,
		}
	}
	return asked(a) == asked(b)
}
