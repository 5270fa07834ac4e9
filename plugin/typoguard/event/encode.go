package event

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// timeLayout is RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// FormatTime formats a time as in events.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// ecsVersion is the version of the Elastic Common Schema that the field names follow.
const ecsVersion = "8.11.0"

// The values of ECS's observer fields.
const (
	observerType = "dns"
	product      = "typoguard"
)

// Message describes the event in one line.
func (e *Event) Message() string {
	var b strings.Builder
	switch {
	case e.SMTP != nil && e.Type == "":
		e.smtpMessage(&b)
	case e.Watched():
		e.watchMessage(&b)
	default:
		e.queryMessage(&b)
	}
	if e.Count > 1 {
		fmt.Fprintf(&b, ", %d times since %s", e.Count, FormatTime(e.First))
	}
	return b.String()
}

func (e *Event) queryMessage(b *strings.Builder) {
	types := e.Types
	if len(types) == 0 {
		types = []string{e.Type}
	}
	what := e.Name
	if e.Record != "" {
		what = fmt.Sprintf("%s %s of %s", e.Record, e.Name, e.Question)
	}
	fmt.Fprintf(b, "%s looks like %s (%s, policy %s): client %s asked for %s, ",
		what, e.Intended, e.Kind, e.Policy, orDash(e.Client), strings.Join(types, " "))
	switch {
	case e.SMTP != nil:
		b.WriteString("the sinkhole refused mail ")
		e.mail(b)
		fmt.Fprintf(b, " (%s)", e.SMTP.session())
	case e.Enforced() && e.Via == ViaList:
		b.WriteString("listed as a lookalike")
	case e.Enforced():
		fmt.Fprintf(b, "answered %s", e.Action)
	case e.Mode == Passes:
		b.WriteString("passed as a popular domain")
	default:
		fmt.Fprintf(b, "monitored (%s in mode enforce)", e.Action)
	}
	if e.NewClient {
		b.WriteString(", new client")
	}
	fmt.Fprintf(b, ", id %s", e.ID)
}

func (e *Event) watchMessage(b *strings.Builder) {
	fmt.Fprintf(b, "%s looks like %s (%s, policy %s): ", e.Name, e.Intended, e.Kind, e.Policy)
	switch e.Action {
	case Registered:
		b.WriteString("it exists now")
	case TakesMail:
		b.WriteString("it takes mail now")
	default:
		b.WriteString("its mail now goes where that of many lookalikes goes")
	}
	if e.Via != "" {
		fmt.Fprintf(b, ", mail server %s", e.Via)
	}
	fmt.Fprintf(b, ", id %s", e.ID)
}

func (e *Event) smtpMessage(b *strings.Builder) {
	about := "does not look like any protected suffix"
	if e.Intended != "" {
		about = fmt.Sprintf("looks like %s (%s, policy %s)", e.Intended, e.Kind, e.Policy)
	}
	b.WriteString("Refused mail ")
	e.mail(b)
	fmt.Fprintf(b, ", which %s: client %s (%s), id %s", about, orDash(e.Client), e.SMTP.session(), e.ID)
}

// session describes the session in which mail was refused.
func (s *SMTP) session() string {
	security := "no TLS"
	if s.TLS {
		security = "TLS"
	}
	return fmt.Sprintf("HELO %q, %s", s.Helo, security)
}

// mail writes whose mail to whom was refused first, and how many more recipients there were.
func (e *Event) mail(b *strings.Builder) {
	fmt.Fprintf(b, "from <%s> to <%s>", e.SMTP.Sender, e.SMTP.Recipient)
	if more := e.Refusals() - 1; more > 0 {
		fmt.Fprintf(b, " and %d more", more)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Attributes returns the event as fields with ECS names, or under "typoguard." if ECS has no name for them. The host is the
// reporting resolver. Fields that do not apply are omitted.
func (e *Event) Attributes(host string) []slog.Attr {
	categories, denied := []string{"network"}, "denied"
	switch {
	case e.SMTP != nil && e.Type != "":
		categories = []string{"network", "email"}
	case e.SMTP != nil:
		categories = []string{"email"}
	}
	outcome := "success"
	if !e.Enforced() {
		denied, outcome = "allowed", "unknown"
	}
	a := attributes{}
	a.add("@timestamp", FormatTime(e.First))
	a.add("ecs.version", ecsVersion)
	a.add("event.kind", "alert")
	a.list("event.category", categories)
	a.list("event.type", []string{denied})
	a.add("event.action", e.Action)
	a.add("event.outcome", outcome)
	a.add("event.id", e.ID)
	a.add("event.start", FormatTime(e.First))
	a.add("event.end", FormatTime(e.Last))
	a.add("rule.name", e.Policy)
	a.add("client.ip", e.Client)
	if e.SMTP == nil || e.Type != "" {
		a.add("dns.question.name", e.Question)
		a.add("dns.question.type", e.Type)
		a.add("dns.response_code", e.ResponseCode)
	}
	a.add("observer.hostname", host)
	a.add("observer.type", observerType)
	a.add("observer.product", product)
	e.ours(&a)
	return a
}

// ours adds the fields without an ECS name.
func (e *Event) ours(a *attributes) {
	a.add("typoguard.id", e.ID)
	a.add("typoguard.policy", e.Policy)
	a.add("typoguard.mode", e.Mode)
	a.add("typoguard.lookalike", e.Name)
	a.add("typoguard.record", e.Record)
	a.add("typoguard.protected", e.Protected)
	a.add("typoguard.intended", e.Intended)
	a.add("typoguard.kind", e.Kind)
	if e.Protected != "" {
		*a = append(*a, slog.Int("typoguard.distance", e.Distance))
	}
	a.add("typoguard.counterpart", e.Counterpart)
	*a = append(*a, slog.Int("typoguard.count", e.Count))
	a.list("typoguard.types", e.Types)
	*a = append(*a, slog.Bool("typoguard.new_client", e.NewClient))
	a.add("typoguard.via", e.Via)
	a.add("typoguard.server", e.Server)
	a.add("typoguard.view", e.View)
	if e.SMTP != nil {
		*a = append(*a, slog.Bool("tls.established", e.SMTP.TLS))
		a.add("typoguard.helo", e.SMTP.Helo)
		a.add("typoguard.sender", e.SMTP.Sender)
		a.add("typoguard.recipient", e.SMTP.Recipient)
		*a = append(*a, slog.Int("typoguard.refusals", e.Refusals()))
	}
	if len(e.Parts) > 1 {
		*a = append(*a, slog.Any("typoguard.parts", e.Parts))
	}
}

// attributes collects the fields that apply.
type attributes []slog.Attr

func (a *attributes) add(key, value string) {
	if value != "" {
		*a = append(*a, slog.String(key, value))
	}
}

func (a *attributes) list(key string, values []string) {
	if len(values) > 0 {
		*a = append(*a, slog.Any(key, values))
	}
}

// JSON writes each event as one line of JSON, with the fields of Attributes and the message. It is the encoding of CoreDNS's own log
// with -log-format=json, without the fields time and level.
type JSON struct {
	host    string
	handler slog.Handler
}

// NewJSON returns an encoder that writes each event to w in one call. The host is the reporting resolver.
func NewJSON(w io.Writer, host string) *JSON {
	rename := func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.LevelKey:
			return slog.Attr{}
		case slog.MessageKey:
			a.Key = "message"
		}
		return a
	}
	return &JSON{host, slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: rename})}
}

// Encode writes an event, followed by more fields. It returns the writer's error.
func (j *JSON) Encode(e *Event, more ...slog.Attr) error {
	record := slog.NewRecord(time.Time{}, slog.LevelInfo, e.Message(), 0)
	record.AddAttrs(e.Attributes(j.host)...)
	record.AddAttrs(more...)
	return j.handler.Handle(context.Background(), record)
}
