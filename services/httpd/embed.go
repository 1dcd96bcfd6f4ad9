package httpd

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// embedMost bounds the origins of one share: all of them stand in a header.
const embedMost = 10

// hostName is a host as it may stand in a content policy, which nothing else may get into; its first part may be a star.
var hostName = regexp.MustCompile(`^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[0-9]{1,5})?$`)

// readOrigins are the sites that may show a share in a frame, each once, as a content policy names them.
func readOrigins(texts []string) ([]string, error) {
	out := []string{}
	for _, text := range texts {
		origin, err := readOrigin(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	if len(out) > embedMost {
		return nil, invalid("embed_in", fmt.Sprintf("%d sites are too many; name %d at most", len(out), embedMost), fmt.Sprintf("サイトが %d 件あります。%d 件までにしてください", len(out), embedMost))
	}
	return out, nil
}

func readOrigin(text string) (string, error) {
	u, err := url.Parse(strings.ToLower(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !hostName.MatchString(u.Host) || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", &ablation.Invalid{Problems: []ablation.Problem{{Field: "embed_in", Text: text, Message: ablation.Label{
			EN: fmt.Sprintf("%q is no site: write https:// and its name alone, such as https://wiki.example.com (names in other scripts as xn--…)", text),
			JA: fmt.Sprintf("「%s」はサイトとして読めません。https://wiki.example.com のように、https:// とサイトの名前だけを書いてください（日本語の名前は xn--… の形で）", text),
		}}}}
	}
	return u.Scheme + "://" + u.Host, nil
}

// frameAncestors is who may show a page in a frame, as a content policy says it.
func frameAncestors(origins []string) string {
	if len(origins) == 0 {
		return "'none'"
	}
	return strings.Join(origins, " ")
}
