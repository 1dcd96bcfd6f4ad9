package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// body is what a kind of channel is posted.
func body(d ablation.Delivery, m Message) ([]byte, error) {
	text := m.Subject + "\n" + m.Text()
	switch d.Channel.Kind {
	case ablation.ChannelSlack:
		return json.Marshal(map[string]string{"text": slackEscape(text)})
	case ablation.ChannelDiscord:
		return json.Marshal(map[string]any{"content": text, "allowed_mentions": map[string][]string{"parse": {}}})
	case ablation.ChannelTeams:
		return json.Marshal(card(m))
	}
	return json.Marshal(struct {
		ablation.Alert
		Subject string   `json:"subject"`
		Text    string   `json:"text"` // all of it, for people
		URL     string   `json:"url"`
		Log     []string `json:"log,omitempty"`
	}{d.Alert, m.Subject, text, m.URL, m.Log})
}

// slackEscape keeps text from being read as mentions and links.
func slackEscape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// card is a message as the adaptive card that Teams' workflows take.
func card(m Message) map[string]any {
	blocks := []map[string]any{{"type": "TextBlock", "weight": "bolder", "wrap": true, "text": m.Subject}}
	for _, l := range m.Lines {
		blocks = append(blocks, map[string]any{"type": "TextBlock", "wrap": true, "text": l})
	}
	if len(m.Log) > 0 {
		blocks = append(blocks, map[string]any{"type": "TextBlock", "wrap": true, "fontType": "monospace", "text": strings.Join(m.Log, "\n\n")})
	}
	return map[string]any{"type": "message", "attachments": []any{map[string]any{
		"contentType": "application/vnd.microsoft.card.adaptive",
		"content": map[string]any{
			"type": "AdaptiveCard", "version": "1.4", "body": blocks,
			"actions": []any{map[string]any{"type": "Action.OpenUrl", "title": "Haigo", "url": m.URL}},
		},
	}}}
}

// post sends the body, signed where the target has a secret. It goes past [http.Client], which would follow redirects. The
// answer's text is read away and never shown: it comes from wherever the address leads.
func (s *Sender) post(ctx context.Context, t Target, id string, data []byte) error {
	silent := trouble("Web サーバーとしての応答がありません", "it doesn't answer as a web server does")
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, t.Address, bytes.NewReader(data))
	if err != nil {
		return silent
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("User-Agent", "Haigo")
	if t.Secret != "" {
		sign(q.Header, t.Secret, id, time.Now(), data)
	}
	r, err := s.over.RoundTrip(q)
	if err != nil {
		return unreached(err, s.limit, silent)
	}
	defer r.Body.Close()
	_, _ = io.CopyN(io.Discard, r.Body, 1<<16)
	if r.StatusCode/100 != 2 {
		return trouble("応答は %d でした", "it answers %d", r.StatusCode)
	}
	return nil
}

// sign follows Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, so that the receiver can tell who sent it and
// whether it has seen it before.
func sign(h http.Header, secret, id string, at time.Time, data []byte) {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, data)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
