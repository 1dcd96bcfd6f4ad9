// Package web holds what browsers get: the pages' templates, their words in both languages, and the bundle of scripts
// and styles that `make build` makes from src.
//
// It embeds files and reads its manifest; it renders nothing and serves nothing (package httpd does). Without a bundle
// the program still builds and runs, and its pages say how to make one. Start with [Load].
package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
)

//go:embed templates words.ja.json words.en.json
var files embed.FS

//go:embed all:dist
var dist embed.FS

// Bundle is the built scripts and styles. The zero Bundle has none.
type Bundle struct {
	Files   fs.FS             `json:"-"`       // names carry a hash of their content
	Entries map[string]string `json:"entries"` // name by path in src: app.ts, stream.ts, style/style.css, logo.svg; and card.ttf, the font of pictures
	Charts  []string          `json:"charts"`  // names of the scripts that pages with charts load beside app.ts
}

// Load is the embedded bundle, or fs.ErrNotExist where the program was built without one.
func Load() (Bundle, error) {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return Bundle{}, fmt.Errorf("open the bundle: %w", err)
	}
	text, err := fs.ReadFile(sub, "manifest.json")
	if err != nil {
		return Bundle{}, fmt.Errorf("read the bundle's manifest: %w", err)
	}
	b := Bundle{Files: sub}
	if err := json.Unmarshal(text, &b); err != nil {
		return Bundle{}, fmt.Errorf("read the bundle's manifest: %w", err)
	}
	return b, nil
}

// Templates holds the pages' templates, *.html.
func Templates() fs.FS {
	sub, err := fs.Sub(files, "templates")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// Words is the catalogue of lang, "ja" or "en": key to text.
func Words(lang string) (map[string]string, error) {
	text, err := files.ReadFile("words." + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("read words: %w", err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(text, &words); err != nil {
		return nil, fmt.Errorf("read words of %s: %w", lang, err)
	}
	return words, nil
}
