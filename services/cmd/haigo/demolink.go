package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/httpd"
)

// demoLink is the demo's share link: made once, then found in the data folder, where only its owner can read it. One that
// was revoked or has expired is made anew. It is "" while no run has completed.
func (a *app) demoLink(ctx context.Context, url, sweep string) (string, error) {
	path := filepath.Join(a.data, "share-"+sweep)
	secret, err := a.liveSecret(ctx, path)
	if err != nil || secret != "" {
		return shareLink(url, secret), err
	}
	_, secret, err = a.sharer().Create(ctx, httpd.ShareRequest{Sweep: sweep})
	if errors.Is(err, ablation.ErrConflict) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return shareLink(url, secret), writeFile(path, []byte(secret+"\n"))
}

// liveSecret is the secret in the file, "" where there is none or its share has ended.
func (a *app) liveSecret(ctx context.Context, path string) (string, error) {
	line, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the demo's link: %w", err)
	}
	secret := strings.TrimSpace(string(line))
	live, err := a.sharer().Live(ctx, secret)
	if err != nil || !live {
		return "", err
	}
	return secret, nil
}
