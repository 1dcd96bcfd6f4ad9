package httpd

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/haigo-lab/haigo/web"
)

// assets are the addresses of scripts, styles and the logo. Without a bundle all are empty.
type assets struct {
	Script string
	Stream string   // the shared worker's
	Charts []string // scripts that pages with charts load beside Script
	Style  string
	Logo   string
	files  fs.FS
}

const staticPath = "/static/"

func newAssets(b web.Bundle) (assets, error) {
	if b.Files == nil {
		return assets{}, nil
	}
	a := assets{files: b.Files}
	for entry, address := range map[string]*string{"app.ts": &a.Script, "stream.ts": &a.Stream, "style/style.css": &a.Style, "logo.svg": &a.Logo} {
		name, ok := b.Entries[entry]
		if !ok {
			return assets{}, fmt.Errorf("the bundle lacks %s: run make build", entry)
		}
		*address = staticPath + name
	}
	for _, name := range b.Charts {
		a.Charts = append(a.Charts, staticPath+name)
	}
	return a, nil
}

// ServeHTTP serves the bundle. Names carry a hash of the content, so browsers may keep them for good.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, staticPath)
	if !strings.Contains(name, "-") || !fs.ValidPath(name) || a.files == nil {
		http.NotFound(w, r)
		return
	}
	if _, err := fs.Stat(a.files, name); err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(w, r, a.files, name)
}
