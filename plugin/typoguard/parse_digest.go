package typoguard

import (
	"fmt"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// mailScheme is the prefix of the recipients of a digest, as in a mailto URL.
const mailScheme = "mailto:"

// Defaults of a digest.
const (
	defaultDigestEvery = "day"
	defaultDigestAt    = "07:00"
)

// parseDigest reads the recipients of a digest, and settings.
func parseDigest(p *policyConfig, at suffixlist.Position, words []string) error {
	if histories == nil {
		return errNoHistories
	}
	config := historyconfig.Digest{
		Name: words[0], To: strings.TrimPrefix(words[0], mailScheme), Every: defaultDigestEvery, At: defaultDigestAt, Policies: p.Name,
	}
	text := func(to *string) func(string) error {
		return func(value string) error { *to = value; return nil }
	}
	err := args.Pairs(words[1:], map[string]func(string) error{
		"relay": text(&config.Relay), "from": text(&config.From), "url": text(&config.URL),
		"every": text(&config.Every), "at": text(&config.At), "timezone": text(&config.Zone),
		"starttls": func(value string) error {
			if value != "on" && value != "off" {
				return fmt.Errorf("starttls %q; expected on or off", value)
			}
			config.Clear = value == "off"
			return nil
		},
		"ca": func(value string) error { config.CA = p.below(value); return nil },
		"login": func(value string) error {
			content, err := readFile(p.below(value))
			if err == nil {
				config.Login, err = oneLine(p.below(value), content)
			}
			return err
		},
	})
	if err != nil {
		return err
	}
	for _, other := range p.digests {
		if other.Name == config.Name {
			return fmt.Errorf("%s twice; expected different ones", config.Name)
		}
	}
	p.digests = append(p.digests, &digestConfig{config, strings.Join(words[1:], " "), at})
	return histories.CheckDigest(config)
}

// digestConfig is the configuration of a digest.
type digestConfig struct {
	historyconfig.Digest
	settings string // as given
	at       suffixlist.Position
}

// checkDigests completes the digests with the history that they sum up.
func (c *policyConfig) checkDigests() error {
	for _, d := range c.digests {
		if c.history.dsn == "" {
			return d.at.Errorf("notify: the policy has no history to sum up; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db")
		}
		d.DSN = c.history.dsn
	}
	return nil
}
