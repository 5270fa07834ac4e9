package sink

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	// webhookTimeout is how long a request may take.
	webhookTimeout = 10 * time.Second
	// maxReply is how much of a reply is read, so that the connection can be used again.
	maxReply = 64 << 10
	// SignatureHeader has the signature of a request: "t=SECONDS,v1=HEX", the HMAC-SHA256 of SECONDS, a full stop and the body. The time
	// is signed too, so that a receiver can refuse a request that is sent again later.
	SignatureHeader = "Typoguard-Signature"
)

// WebhookConfig configures a Webhook.
type WebhookConfig struct {
	// URL is where events are sent to, by POST.
	URL string
	// Secret signs requests; empty for none.
	Secret []byte
	// Authorization is the header of that name; "" for none.
	Authorization string
	// Template makes the body of the events of a request; without one, it is a line of JSON for each.
	Template *template.Template
	// CA is a file with the authorities for the server's certificate; "" means those of the system.
	CA string
	// Host is the resolver that reports.
	Host string
}

// Name returns how logs and metrics call the target. The path of a URL may be its secret, as it is for many chats, so only a hash of it shows.
func (c *WebhookConfig) Name() string {
	scheme, rest, _ := strings.Cut(c.URL, "://")
	host, _, _ := strings.Cut(rest, "/")
	sum := sha256.Sum256([]byte(c.URL))
	return scheme + "://" + host + "#" + hex.EncodeToString(sum[:3])
}

// TLS returns the TLS configuration, or an error if the file does not make a valid one.
func (c *WebhookConfig) TLS() (*tls.Config, error) { return tlsConfig(c.CA) }

// Webhook is a Target: a server to which events are sent by HTTP, several in a request. A request is repeated until the server answers with
// a code between 200 and 299, so a server that took it, but did not say so in time, gets its events twice: event.id tells. Redirects are not
// followed, since they would take the events elsewhere.
type Webhook struct {
	config WebhookConfig
	client *http.Client
	lines  *jsonBuffer
}

// NewWebhook returns a target, which connects at the first write.
func NewWebhook(config WebhookConfig) (*Webhook, error) {
	secure, err := config.TLS()
	if err != nil {
		return nil, err
	}
	return &Webhook{
		config: config,
		client: &http.Client{
			Transport:     &http.Transport{TLSClientConfig: secure, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lines: newJSONBuffer(config.Host),
	}, nil
}

// Write implements Target.
func (h *Webhook) Write(ctx context.Context, events []*event.Event) (int, error) {
	h.lines.Reset()
	for _, e := range events {
		if err := h.lines.encode(e); err != nil {
			return 0, err
		}
	}
	body, contentType, err := h.body()
	if err != nil {
		return 0, err
	}
	if err := h.post(ctx, body, contentType); err != nil {
		return 0, err
	}
	return len(events), nil
}

// body returns the body of a request for the events in the buffer.
func (h *Webhook) body() (body []byte, contentType string, err error) {
	if h.config.Template == nil {
		return h.lines.Bytes(), "application/x-ndjson", nil
	}
	body, err = Body(h.config.Template, h.lines.Bytes())
	return body, "application/json", err
}

// Body executes a template with events, which are given as lines of JSON.
func Body(t *template.Template, lines []byte) ([]byte, error) {
	var data struct{ Events []map[string]any }
	for decoder := json.NewDecoder(bytes.NewReader(lines)); decoder.More(); {
		var fields map[string]any
		if err := decoder.Decode(&fields); err != nil {
			return nil, err
		}
		data.Events = append(data.Events, fields)
	}
	var body bytes.Buffer
	if err := t.Execute(&body, data); err != nil {
		return nil, fmt.Errorf("executing the template: %w", err)
	}
	return body.Bytes(), nil
}

// ParseTemplate parses the template of a body. Beside the functions of package template it has json, which writes a value as JSON.
func ParseTemplate(name, text string) (*template.Template, error) {
	return template.New(name).Option("missingkey=zero").Funcs(template.FuncMap{"json": toJSON}).Parse(text)
}

// toJSON returns a value as JSON, without escapes for HTML.
func toJSON(value any) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// post sends a request.
func (h *Webhook) post(ctx context.Context, body []byte, contentType string) error {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.config.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", appName)
	if h.config.Authorization != "" {
		request.Header.Set("Authorization", h.config.Authorization)
	}
	if len(h.config.Secret) > 0 {
		request.Header.Set(SignatureHeader, signature(h.config.Secret, time.Now(), body))
	}
	response, err := h.client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err // without the URL, which may be a secret
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxReply) // what it says does not matter
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the server answered %s; expected 2xx", response.Status)
	}
	return nil
}

// signature returns the value of SignatureHeader.
func signature(secret []byte, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(seconds + ".")) // never fails
	_, _ = mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Close implements Target.
func (h *Webhook) Close() error {
	h.client.CloseIdleConnections()
	return nil
}
