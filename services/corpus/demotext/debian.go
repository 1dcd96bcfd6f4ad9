package demotext

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/japanese"
)

// Licences as the packages' copyright files state them.
const (
	manLicence       = "various free licences (Debian main), mostly Linux-man-pages-copyleft and GPL-2.0-or-later"
	referenceLicence = "GPL-2.0-or-later"
	officeLicence    = "MPL-2.0"
	apacheLicence    = "Apache-2.0"
	handbookLicence  = "GPL-2.0-or-later or CC-BY-SA-3.0"
	installLicence   = "GPL-2.0-only"
	hardenLicence    = "GPL-2.0"
	gitLicence       = "GPL-2.0-only"
	perlLicence      = "GPL-1.0-or-later or Artistic-1.0-Perl"
	musicLicence     = "GFDL-1.3-or-later"
	searchLicence    = "LGPL-2.1"
	liveLicence      = "GPL-3.0-or-later"
	faqLicence       = "free (SPI's: copies and changed copies under the same notice)"
	mailLicence      = "GFDL-1.1"
)

// debianParts are Debian's manuals in both languages. The manual pages that Japanese has of other packages have their
// English weight in the manuals of git and Perl. Left out is what lists each version's changes, a phrase apiece.
func debianParts() []part {
	return []part{
		{"manpages-ja", manLicence, "ja", "usr/share/man/ja", manFile},
		{"manpages-ja-dev", manLicence, "ja", "usr/share/man/ja", manFile},
		{"debian-reference-ja", referenceLicence, "ja", "usr/share/debian-reference", htmlFile},
		{"libreoffice-help-ja", officeLicence, "ja", "usr/share/libreoffice/help/ja", htmlFile},
		{"apache2-doc", apacheLicence, "ja", "usr/share/doc/apache2-doc/manual/ja", htmlFile},
		{"debian-handbook", handbookLicence, "ja", "usr/share/doc/debian-handbook/html/ja-JP", htmlFile},
		{"installation-guide-amd64", installLicence, "ja", "usr/share/doc/installation-guide-amd64/ja", htmlFile},
		{"developers-reference-ja", referenceLicence, "ja", "usr/share/developers-reference/ja", htmlFile},
		{"maint-guide-ja", referenceLicence, "ja", "usr/share/doc/maint-guide-ja/html", htmlFile},
		{"harden-doc", hardenLicence, "ja", "usr/share/doc/harden-doc/html/ja-JP", htmlFile},
		{"lilypond-doc-html-ja", musicLicence, "ja", "usr/share/doc/lilypond/html/Documentation", htmlFile},
		{"groonga-doc", searchLicence, "ja", "usr/share/doc/groonga-doc/ja/html", except("/news", htmlFile)},
		{"live-manual-html", liveLicence, "ja", "usr/share/doc/live-manual/html/live-manual", named(".ja.html", htmlFile)},
		{"debian-faq-ja", faqLicence, "ja", "usr/share/doc/debian/FAQ/ja", htmlFile},
		{"sylpheed-doc", mailLicence, "ja", "usr/share/doc/sylpheed-doc/manual/ja", htmlFile},
		{"manpages", manLicence, "en", "usr/share/man", manFile},
		{"manpages-dev", manLicence, "en", "usr/share/man", manFile},
		{"debian-reference-en", referenceLicence, "en", "usr/share/debian-reference", htmlFile},
		{"libreoffice-help-en-us", officeLicence, "en", "usr/share/libreoffice/help/en-US", htmlFile},
		{"apache2-doc", apacheLicence, "en", "usr/share/doc/apache2-doc/manual/en", htmlFile},
		{"debian-handbook", handbookLicence, "en", "usr/share/doc/debian-handbook/html/en-US", htmlFile},
		{"installation-guide-amd64", installLicence, "en", "usr/share/doc/installation-guide-amd64/en", htmlFile},
		{"developers-reference", referenceLicence, "en", "usr/share/developers-reference", htmlFile},
		{"maint-guide", referenceLicence, "en", "usr/share/doc/maint-guide/html", htmlFile},
		{"harden-doc", hardenLicence, "en", "usr/share/doc/harden-doc/html/en-US", htmlFile},
		{"git-doc", gitLicence, "en", "usr/share/doc/git-doc", htmlFile},
		{"perl-doc", perlLicence, "en", "usr/share/man", except("delta.", manFile)},
	}
}

func manFile(path string) (func([]byte) []string, bool) {
	return func(page []byte) []string { return manProse(decoded(page)) }, strings.HasSuffix(path, ".gz")
}

func htmlFile(path string) (func([]byte) []string, bool) {
	return func(page []byte) []string { return htmlProse(string(page)) }, strings.HasSuffix(path, ".html")
}

// decoded is a manual page as text: decompressed, and from EUC-JP where it isn't UTF-8, as old translations are. A page
// that is damaged is empty.
func decoded(page []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(page))
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return ""
	}
	if utf8.Valid(text) {
		return string(text)
	}
	euc, err := japanese.EUCJP.NewDecoder().Bytes(text)
	if err != nil {
		return ""
	}
	return string(euc)
}

// fetchDebian downloads the packages and unpacks them below work; nothing is installed. A package that the distribution
// doesn't have is left out.
func fetchDebian(ctx context.Context, langs []string, work, into string, say func(string)) ([]Text, error) {
	apt, err := newApt(work)
	if err != nil {
		return nil, err
	}
	folders := newFolders(into, langs...)
	for _, p := range in(langs, debianParts()) {
		unpacked, version, err := apt.unpack(ctx, p.pkg, say)
		if err != nil {
			if ctx.Err() != nil || len(apt.have) == 0 {
				return nil, err // the first fails: there is no mirror, or not this kind of distribution
			}
			say(fmt.Sprintf("leaving out %s: %v", p.pkg, err))
			continue
		}
		if err := folderOf(folders, p.lang).add(p, version, unpacked); err != nil {
			return nil, err
		}
	}
	return texts(folders), nil
}

// apt downloads packages. Where the machine has no package lists it fetches its own into the work folder and leaves the
// machine's alone: no root, nothing changed.
type apt struct {
	work    string
	options []string
	listed  bool // own lists were fetched
	have    map[string]string
}

func newApt(work string) (*apt, error) {
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%s isn't there", program)
		}
	}
	return &apt{work: work, have: map[string]string{}}, nil
}

// unpack returns the folder a package was unpacked to, and its version.
func (a *apt) unpack(ctx context.Context, pkg string, say func(string)) (unpacked, version string, err error) {
	unpacked = filepath.Join(a.work, "unpacked", pkg)
	if version, ok := a.have[pkg]; ok {
		return unpacked, version, nil
	}
	say("downloading " + pkg)
	deb, err := a.download(ctx, pkg)
	if err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(unpacked, 0o755); err != nil {
		return "", "", err
	}
	if _, err := run(ctx, a.work, "dpkg-deb", "--extract", deb, unpacked); err != nil {
		return "", "", err
	}
	version, err = run(ctx, a.work, "dpkg-deb", "--field", deb, "Version")
	if err != nil {
		return "", "", err
	}
	a.have[pkg] = version
	return unpacked, version, os.Remove(deb)
}

func (a *apt) download(ctx context.Context, pkg string) (deb string, err error) {
	dir, err := os.MkdirTemp(a.work, "deb-")
	if err != nil {
		return "", err
	}
	err = a.get(ctx, dir, "download", pkg)
	if err != nil && !a.listed && ctx.Err() == nil {
		if err := a.list(ctx); err != nil {
			return "", err
		}
		err = a.get(ctx, dir, "download", pkg)
	}
	if err != nil {
		return "", err
	}
	debs, err := fs.Glob(os.DirFS(dir), "*.deb")
	if err != nil || len(debs) == 0 {
		return "", errors.Join(err, errors.New("apt-get download left no file"))
	}
	return filepath.Join(dir, debs[0]), nil
}

// list fetches package lists of our own: the machine's are missing, or older than its mirror.
func (a *apt) list(ctx context.Context) error {
	a.listed = true
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.work, "apt", filepath.FromSlash(dir)), 0o755); err != nil {
			return err
		}
	}
	a.options = []string{
		"-o", "Dir::State::Lists=" + filepath.Join(a.work, "apt", "lists"),
		"-o", "Dir::Cache=" + filepath.Join(a.work, "apt", "cache"),
	}
	return a.get(ctx, a.work, "update")
}

// get runs apt-get. Its own user for downloads can't enter a private data folder, so it downloads as us.
func (a *apt) get(ctx context.Context, dir string, arguments ...string) error {
	options := append([]string{"-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::http::Timeout=30"}, a.options...)
	_, err := run(ctx, dir, "apt-get", append(options, arguments...)...)
	return err
}

// run runs a program in dir and returns its output; an error ends with the last line of what it complained.
func run(ctx context.Context, dir, program string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return "", fmt.Errorf("%s %s: %w: %s", program, arguments[len(arguments)-1], err, lines[len(lines)-1])
	}
	return strings.TrimSpace(out.String()), nil
}
