package typoguard

import (
	"bytes"
	"crypto/fips140"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// approvedKey is how many bytes the key of an HMAC has at least, in the mode in which other cryptography fails.
const approvedKey = 14

// parseNotify reads a URL, and settings.
func parseNotify(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	words, err := args.All(c, "a URL such as https://soc.example.org/typoguard")
	if err != nil {
		return err
	}
	if strings.HasPrefix(words[0], mailScheme) {
		return parseDigest(p, at, words)
	}
	config := sink.WebhookConfig{URL: words[0]}
	if err := checkWebhookURL(config.URL); err != nil {
		return err
	}
	var contents []string // of all files: a reload must notice that one has changed
	file := func(use func(path, content string) error) func(string) error {
		return func(name string) error {
			path := p.below(name)
			content, err := readFile(path)
			if err != nil {
				return err
			}
			contents = append(contents, content)
			return use(path, content)
		}
	}
	err = args.Pairs(words[1:], map[string]func(string) error{
		"secret": file(func(path, content string) error {
			text, err := oneLine(path, content)
			if err == nil && fips140.Enforced() && len(text) < approvedKey {
				err = fmt.Errorf("%s has a secret of %d bytes; expected %d or more, which FIPS 140-3 asks of a key", path, len(text), approvedKey)
			}
			config.Secret = []byte(text)
			return err
		}),
		"authorization": file(func(path, content string) (err error) {
			config.Authorization, err = oneLine(path, content)
			return err
		}),
		"template": file(func(path, content string) (err error) {
			config.Template, err = parseTemplate(path, content)
			return err
		}),
		"ca": file(func(path, _ string) error {
			config.CA = path
			_, err := config.TLS()
			return err
		}),
	})
	if err != nil {
		return err
	}
	return p.addSink(newSinkConfig("notify", at, sink.Config{
		Name: config.Name(), Settings: strings.Join(words[1:], " "), Secret: strings.Join(contents, "\x00"),
		Open: func() (sink.Target, error) {
			config.Host = sink.Hostname()
			return sink.NewWebhook(config)
		},
	}))
}

// checkWebhookURL returns an error for what is no URL of a web server, and for one with a password, which would be in logs and metrics.
func checkWebhookURL(text string) error {
	parsed, err := url.Parse(text)
	switch {
	case err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Hostname() == "" || parsed.Fragment != "":
		return fmt.Errorf("URL %q; expected one such as https://soc.example.org/typoguard or mailto:soc@example.org", text)
	case parsed.User != nil:
		return errors.New("a user in the URL; expected it in a file: authorization FILE")
	}
	return nil
}

// readFile returns the content of a file.
func readFile(path string) (string, error) {
	content, err := os.ReadFile(filepath.Clean(path))
	return string(content), err
}

// oneLine returns what a file with a secret has, which is kept out of the Corefile, since that is less well guarded.
func oneLine(path, content string) (string, error) {
	text := strings.TrimSpace(content)
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("%s has not one line; expected a secret", path)
	}
	return text, nil
}

// parseTemplate parses the template of a body, and tries it with an event.
func parseTemplate(path, content string) (*template.Template, error) {
	parsed, err := sink.ParseTemplate(filepath.Base(path), content)
	if err != nil {
		return nil, err
	}
	var lines bytes.Buffer
	now := time.Now()
	if err := event.NewJSON(&lines, "").Encode(&event.Event{First: now, Last: now}); err != nil {
		return nil, err
	}
	_, err = sink.Body(parsed, lines.Bytes())
	return parsed, err
}
