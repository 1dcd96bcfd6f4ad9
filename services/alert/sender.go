package alert

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Sender sends deliveries. It is safe for concurrent use.
type Sender struct {
	box   *Box
	over  http.RoundTripper
	mail  MailServer
	limit time.Duration // of a delivery
	base  string
}

// NewSender sends from pages whose addresses begin with base.
func NewSender(box *Box, settings Settings, base string) *Sender {
	return &Sender{box: box, over: Guard{Allow: settings.allow()}.Transport(), mail: settings.Mail, limit: settings.timeout(), base: base}
}

// Seal makes a channel's address unreadable and fills in its hint. secret signs a webhook, to be shown once.
func (s *Sender) Seal(c ablation.Channel, address string) (sealed ablation.Channel, secret string, err error) {
	if c.Kind == ablation.ChannelMail && s.mail.Server == "" {
		return c, "", invalid("kind", "no mail server is set up; an administrator names one in alerts.yaml in the data folder: mail: {server: smtp.example.jp:587, from: haigo@example.jp}",
			"メールサーバーが設定されていません。管理者がデータフォルダの alerts.yaml に mail: {server: smtp.example.jp:587, from: haigo@example.jp} と書いてください")
	}
	t, hint, err := NewTarget(c.Kind, address)
	if err != nil {
		return c, "", err
	}
	c.Hint = hint
	c.Sealed, err = t.seal(s.box)
	return c, t.Secret, err
}

// Send sends an alert through its channel, within the time that the settings say. An error is *ablation.Trouble: what went
// wrong in our own words, with no secret and nothing that was answered in them.
func (s *Sender) Send(ctx context.Context, d ablation.Delivery, log []string) error {
	t, err := unseal(s.box, d.Channel.Sealed)
	if err != nil {
		return trouble("アドレスを復号できません。通知先を削除して追加し直してください", "its address can't be decrypted; remove the channel and add it anew")
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	m := Compose(d.Alert, d.Channel.Lang, s.base, d.Late, log)
	if d.Channel.Kind == ablation.ChannelMail {
		return s.sendMail(ctx, t.Address, id(d), m)
	}
	data, err := body(d, m)
	if err != nil {
		return trouble("送る内容を作れません", "what to send can't be written")
	}
	return s.post(ctx, t, id(d), data)
}

// id is the same for a delivery however often it is sent, and another for every other: receivers drop what they know, and
// one address may get alerts of several installations, or of a database that was begun anew.
func id(d ablation.Delivery) string {
	return fmt.Sprintf("alert-%d-%d-%d", d.Alert.ID, d.Channel.ID, d.Alert.At.UnixMicro())
}
