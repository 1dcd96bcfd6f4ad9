package httpd

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

type shareInput struct {
	Body struct {
		Sweep    string `json:"sweep"`
		Question string `json:"question,omitempty" nullable:"true" maxLength:"300" doc:"Heading of the page; default the sweep's question"`
		Days     whole  `json:"days,omitempty" nullable:"true" minimum:"1" maximum:"365" default:"30"`
		Live     bool   `json:"live,omitempty" nullable:"true" doc:"Show the sweep as it stands whenever somebody looks, not as it is now"`
		origins
	}
}

// origins are sites as a request names them.
type origins struct {
	EmbedIn []string `json:"embed_in,omitempty" nullable:"true" maxItems:"10" doc:"Sites whose pages may show the chart in a frame: https://wiki.example.com"`
}

type embedInput struct {
	Share int64 `path:"share"`
	Body  origins
}

// whole is a number of things that may also be written 30.0: to JSON Schema that is an integer too.
type whole int

// UnmarshalJSON reads a number.
func (n *whole) UnmarshalJSON(data []byte) error {
	var v float64
	err := json.Unmarshal(data, &v)
	*n = whole(v)
	return err
}

// sharedOnce is a new share with its link, which is never told again.
type sharedOnce struct {
	ablation.Share
	URL string `json:"url"`
}

type shareID struct {
	Share int64 `path:"share"`
}

func (o operations) shares() {
	o.tag = "shares"
	s := o.server
	register(o, http.MethodGet, "/shares", "list-shares", "Shares without their links, newest first",
		func(ctx context.Context, _ *none) (*body[list[ablation.Share]], error) {
			return listOf(s.options.Store.Shares(ctx))
		})
	register(o, http.MethodPost, "/shares", "create-share", "Put a sweep's trade-off chart behind a link that is told once",
		func(ctx context.Context, in *shareInput) (*body[sharedOnce], error) {
			share, secret, err := s.sharer.Create(ctx, ShareRequest{
				Sweep: in.Body.Sweep, Question: strings.TrimSpace(in.Body.Question), Lifetime: time.Duration(in.Body.Days) * 24 * time.Hour,
				Live: in.Body.Live, EmbedIn: in.Body.EmbedIn,
			})
			if err != nil {
				return nil, err
			}
			s.options.Log.Info("a share was made", "share_id", share.ID, "sweep", share.Sweep)
			return &body[sharedOnce]{sharedOnce{share, s.shareURL(secret)}}, nil
		})
	register(o, http.MethodPost, "/shares/{share}/renew", "renew-share", "Give a share a new link, told once, and end the old one",
		func(ctx context.Context, in *shareID) (*body[sharedOnce], error) {
			share, secret, err := s.sharer.Renew(ctx, in.Share)
			if err != nil {
				return nil, err
			}
			s.options.Log.Info("a share got a new link", "share_id", share.ID)
			return &body[sharedOnce]{sharedOnce{share, s.shareURL(secret)}}, nil
		})
	register(o, http.MethodPost, "/shares/{share}/embed", "embed-share", "Say which sites may show a share in a frame, in place of those that might before",
		func(ctx context.Context, in *embedInput) (*body[ablation.Share], error) {
			return one(s.sharer.Embed(ctx, in.Share, in.Body.EmbedIn))
		})
	register(o, http.MethodDelete, "/shares/{share}", "revoke-share", "End a link at once",
		func(ctx context.Context, in *shareID) (*none, error) {
			return &none{}, s.options.Store.RevokeShare(ctx, in.Share)
		})
}
