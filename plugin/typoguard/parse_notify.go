package typoguard

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// parseNotify reads a URL, and settings.
func parseNotify(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	words, err := args.All(c, "a URL such as https://soc.example.org/typoguard")
	if err != nil {
		return err
	}
	config := sink.WebhookConfig{URL: words[0]}
	if err := checkWebhookURL(config.URL); err != nil {
		return err
	}
	secret := func(use func(string)) func(string) error {
		return func(value string) error {
			text, err := readSecret(p.below(value))
			if err == nil {
				use(text)
			}
			return err
		}
	}
	err = args.Pairs(words[1:], map[string]func(string) error{
		"secret":        secret(func(text string) { config.Secret = []byte(text) }),
		"authorization": secret(func(text string) { config.Authorization = text }),
		"template":      func(value string) error { return readTemplate(p.below(value), &config) },
		"ca": func(value string) error {
			config.CA = p.below(value)
			_, err := config.TLS()
			return err
		},
	})
	if err != nil {
		return err
	}
	return p.addSink(newSinkConfig("notify", at, sink.Config{
		Name: config.Name(), Settings: strings.Join(words[1:], " "),
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
		return fmt.Errorf("URL %q; expected one such as https://soc.example.org/typoguard", text)
	case parsed.User != nil:
		return errors.New("a user in the URL; expected it in a file: authorization FILE")
	}
	return nil
}

// readSecret reads a file with one line, which is kept out of the Corefile, since that is less well guarded.
func readSecret(path string) (string, error) {
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(content))
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("%s has not one line; expected a secret", path)
	}
	return text, nil
}

// readTemplate reads the template of a body, and tries it with an event.
func readTemplate(path string, config *sink.WebhookConfig) error {
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err
	}
	if config.Template, err = sink.ParseTemplate(filepath.Base(path), string(content)); err != nil {
		return err
	}
	var lines bytes.Buffer
	now := time.Now()
	if err := event.NewJSON(&lines, "").Encode(&event.Event{First: now, Last: now}); err != nil {
		return err
	}
	_, err = sink.Body(config.Template, lines.Bytes())
	return err
}
