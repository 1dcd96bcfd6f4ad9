package httpd

import (
	"context"
	"net/http"

	"github.com/haigo-lab/haigo/services/ablation"
)

type alertsInput struct {
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

type channelInput struct {
	Body struct {
		Name    string               `json:"name" maxLength:"64"`
		Kind    ablation.ChannelKind `json:"kind" enum:"mail,slack,discord,teams,webhook"`
		Address string               `json:"address" maxLength:"2000" doc:"A mail address, or the URL to post to; it is encrypted and never told again"`
		Lang    string               `json:"lang,omitempty" enum:"ja,en" default:"ja"`
		Of      string               `json:"of,omitempty" maxLength:"64" doc:"A sweep's or recurrence's name; left out, all"`
		Kinds   []ablation.AlertKind `json:"kinds,omitempty" doc:"Left out or null, all"`
		Quiet   *ablation.Quiet      `json:"quiet,omitempty" doc:"Hours whose alerts are sent at their end"`
	}
}

// channelOnce is a new channel with what a webhook is signed with, which is never told again.
type channelOnce struct {
	ablation.Channel
	Secret string `json:"secret,omitempty"`
}

type channelID struct {
	Channel int64 `path:"channel"`
}

// arrival says whether a test arrived, and in a few words why not.
type arrival struct {
	Arrived bool           `json:"arrived"`
	Trouble ablation.Label `json:"trouble,omitzero"`
}

func (o operations) alerts() {
	o.tag = "alerts"
	s := o.server
	register(o, http.MethodGet, "/alerts", "list-alerts", "What people were to know soon, newest first",
		func(ctx context.Context, in *alertsInput) (*body[list[ablation.Alert]], error) {
			return listOf(s.options.Store.Alerts(ctx, in.Limit))
		})
	register(o, http.MethodGet, "/channels", "list-channels", "Where alerts go, without the addresses",
		func(ctx context.Context, _ *none) (*body[list[ablation.Channel]], error) {
			return listOf(s.options.Store.Channels(ctx))
		})
	register(o, http.MethodPost, "/channels", "create-channel", "Send alerts to a further address",
		func(ctx context.Context, in *channelInput) (*body[channelOnce], error) {
			b := in.Body
			c := ablation.Channel{Name: b.Name, Kind: b.Kind, Lang: b.Lang, Of: b.Of, Kinds: b.Kinds, Quiet: b.Quiet}
			if b.Kinds == nil {
				c.Kinds = ablation.AlertKinds()
			}
			return s.createChannel(ctx, c, b.Address)
		})
	register(o, http.MethodPost, "/channels/{channel}/test", "test-channel", "Send a test through a channel at once",
		func(ctx context.Context, in *channelID) (*body[arrival], error) {
			c, err := s.options.Store.Channel(ctx, in.Channel)
			if err != nil {
				return nil, err
			}
			if err := s.test(ctx, c); err != nil {
				return &body[arrival]{arrival{Trouble: ablation.TroubleOf(err)}}, nil
			}
			return &body[arrival]{arrival{Arrived: true}}, nil
		})
	register(o, http.MethodDelete, "/channels/{channel}", "remove-channel", "Send nothing through a channel any more",
		func(ctx context.Context, in *channelID) (*none, error) {
			return &none{}, s.options.Store.RemoveChannel(ctx, in.Channel)
		})
}

func (s *Server) createChannel(ctx context.Context, c ablation.Channel, address string) (*body[channelOnce], error) {
	secret, err := s.keepChannel(ctx, c, address)
	if err != nil {
		return nil, err
	}
	all, err := s.options.Store.Channels(ctx)
	if err != nil {
		return nil, err
	}
	for _, kept := range all {
		if kept.Name == c.Name {
			return &body[channelOnce]{channelOnce{kept, secret}}, nil
		}
	}
	return nil, ablation.ErrNotFound
}
