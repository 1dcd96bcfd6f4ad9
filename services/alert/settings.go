package alert

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// SettingsFile is the administrator's file in the data folder.
const SettingsFile = "alerts.yaml"

// Settings are what only whoever runs the service may decide.
type Settings struct {
	Mail    MailServer    `yaml:"mail"`
	Allow   []string      `yaml:"allow"`   // private ranges that channels may reach: 10.1.0.0/16
	Timeout time.Duration `yaml:"timeout"` // of a delivery, from looking up the name to the answer; 20s unless given
}

func (s Settings) timeout() time.Duration { return cmp.Or(s.Timeout, 20*time.Second) }

// ReadSettings reads the administrator's file; without one there is no mail, and no private address is reached.
func ReadSettings(data string) (s Settings, err error) {
	path := filepath.Join(data, SettingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the settings of alerts: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	for _, text := range s.Allow {
		if _, err := netip.ParsePrefix(text); err != nil {
			return s, fmt.Errorf("%s: allow: %q is no range of addresses; write one like 10.1.0.0/16", path, text)
		}
	}
	if t := s.timeout(); t < time.Second || t > time.Minute {
		return s, fmt.Errorf("%s: timeout: %s is not between 1s and 1m", path, t)
	}
	return s, s.Mail.check(path)
}

func (s Settings) allow() []netip.Prefix {
	out := make([]netip.Prefix, 0, len(s.Allow))
	for _, text := range s.Allow {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}
