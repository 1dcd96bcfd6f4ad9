package alert

import (
	"context"
	"fmt"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Sender sends deliveries. It is safe for concurrent use.
type Sender struct {
	box    *Box
	client *http.Client
	mail   MailServer
	base   string
}

// NewSender sends from pages whose addresses begin with base.
func NewSender(box *Box, settings Settings, base string) *Sender {
	return &Sender{box: box, client: Guard{Allow: settings.allow()}.Client(), mail: settings.Mail, base: base}
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

// Send sends an alert through its channel. An error says in a few words what went wrong and names no secret.
func (s *Sender) Send(ctx context.Context, d ablation.Delivery, log []string) error {
	t, err := unseal(s.box, d.Channel.Sealed)
	if err != nil {
		return err
	}
	m := Compose(d.Alert, d.Channel.Lang, s.base, d.Late, log)
	id := fmt.Sprintf("alert-%d-%d", d.Alert.ID, d.Channel.ID)
	if d.Channel.Kind == ablation.ChannelMail {
		return s.mail.send(ctx, t.Address, id, m)
	}
	data, err := body(d, m)
	if err != nil {
		return err
	}
	return post(ctx, s.client, t, id, data)
}
