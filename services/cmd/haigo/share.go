package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haigo-lab/haigo/services/httpd"
)

type shareCmd struct {
	Create shareCreateCmd `cmd:"" help:"Put a sweep's trade-off chart behind a secret link, frozen as it is now or live."`
	List   shareListCmd   `cmd:"" help:"List the shares."`
	Renew  shareRenewCmd  `cmd:"" help:"Give a share a new link and end the old one."`
	Revoke shareRevokeCmd `cmd:"" help:"End a share."`
}

// linkFlag says where a link will be opened: the program that prints it may not serve it.
type linkFlag struct {
	URL string `help:"What the link begins with (default: where this data folder is served, else http://127.0.0.1:8080)." placeholder:"URL"`
}

// base is what a link begins with. Where nobody said, what serves this data folder does, if that is the database's.
func (f linkFlag) base(e *env, a *app) (string, error) {
	if f.URL != "" {
		return f.URL, nil
	}
	return a.servedAt(), a.settle(e)
}

type shareCreateCmd struct {
	sweepArg
	linkFlag
	Question string   `help:"What the chart answers (default: the sweep's question)."`
	Days     int      `help:"Days until it expires." default:"30"`
	Live     bool     `help:"Show the sweep as it stands whenever somebody looks."`
	EmbedIn  []string `help:"Sites whose pages may show the chart in a frame, such as https://wiki.example.com." placeholder:"URL"`
}

func (c shareCreateCmd) Run(e *env) error {
	if c.Days < 1 || c.Days > 365 {
		return invalidFlag("--days", fmt.Sprintf("a link lasts from 1 to 365 days, not %d; choose within", c.Days))
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	base, err := c.base(e, a)
	if err != nil {
		return err
	}
	_, secret, err := a.sharer().Create(e.ctx, httpd.ShareRequest{
		Sweep: c.Sweep, Question: c.Question, Lifetime: time.Duration(c.Days) * 24 * time.Hour, Live: c.Live, EmbedIn: c.EmbedIn,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, shareLink(base, secret))
	return nil
}

func (a *app) sharer() httpd.Sharer { return httpd.Sharer{Store: a.store, Version: version} }

func shareLink(base, secret string) string { return strings.TrimSuffix(base, "/") + "/s/" + secret }

type shareListCmd struct{}

func (shareListCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	shares, err := a.store.Shares(e.ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tLINK\tKIND\tSWEEP\tCREATED\tEXPIRES\tVIEWS\tREVOKED")
	for _, s := range shares {
		kind, revoked := "frozen", "—"
		if s.Live {
			kind = "live"
		}
		if s.RevokedAt != nil {
			revoked = s.RevokedAt.UTC().Format(time.DateOnly)
		}
		fmt.Fprintf(t, "%d\t%s…\t%s\t%s\t%s\t%s\t%d\t%s\n", s.ID, s.Hint, kind, s.Sweep, s.CreatedAt.Format(time.DateOnly),
			s.ExpiresAt.Format(time.DateOnly), s.Views, revoked)
	}
	return t.Flush()
}

type shareRenewCmd struct {
	ID int64 `arg:""`
	linkFlag
}

func (c shareRenewCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	base, err := c.base(e, a)
	if err != nil {
		return err
	}
	_, secret, err := a.sharer().Renew(e.ctx, c.ID)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, shareLink(base, secret))
	return nil
}

type shareRevokeCmd struct {
	ID int64 `arg:""`
}

func (c shareRevokeCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.RevokeShare(e.ctx, c.ID) })
}
