package alert

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Target is where a channel leads: what is sealed.
type Target struct {
	Address string `json:"address"`          // a mail address, or the URL that is posted to
	Secret  string `json:"secret,omitempty"` // signs a webhook's body
}

// NewTarget checks an address and makes the secret that a webhook is signed with. hint is what may be shown of it.
func NewTarget(kind ablation.ChannelKind, address string) (t Target, hint string, err error) {
	address = strings.TrimSpace(address)
	if kind == ablation.ChannelMail {
		a, err := mail.ParseAddress(address)
		if err != nil || strings.ContainsAny(address, "\r\n") {
			return t, "", invalid("address", "isn't a mail address; write it like name@example.jp", "メールアドレスとして読めません。name@example.jp のように書いてください")
		}
		user, domain, _ := strings.Cut(a.Address, "@")
		return Target{Address: a.Address}, mask(user) + "@" + domain, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || kind != ablation.ChannelWebhook) {
		return t, "", invalid("address", "isn't an address that can be posted to; paste the webhook's whole https:// address",
			"送信先のアドレスとして読めません。Webhook の https:// で始まるアドレスをそのまま貼り付けてください")
	}
	t = Target{Address: u.String()}
	if kind == ablation.ChannelWebhook {
		t.Secret = newSecret()
	}
	return t, u.Scheme + "://" + u.Host + "/…", nil
}

func mask(text string) string {
	r := []rune(text)
	return string(r[:min(1, len(r))]) + "…"
}

func newSecret() string {
	var random [24]byte
	rand.Read(random[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(random[:])
}

func (t Target) seal(b *Box) ([]byte, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return b.Seal(data), nil
}

func unseal(b *Box, sealed []byte) (t Target, err error) {
	data, err := b.Unseal(sealed)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return t, fmt.Errorf("read the channel's address: %w", err)
	}
	return t, nil
}

func invalid(field, en, ja string) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: field, Message: ablation.Label{EN: en, JA: ja}}}}
}
