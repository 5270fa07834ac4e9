package typoguard

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	clog "github.com/coredns/coredns/plugin/pkg/log"
)

const logName = "typoguard"

var log = clog.NewWithPlugin(logName)

// logAttributes logs a message with attributes, which appear only if CoreDNS logs in JSON.
func logAttributes(message string, attributes []slog.Attr) {
	clog.InfoAttrs("plugin/"+logName+": "+message, append(attributes, slog.String("plugin", logName))...)
}

// logHandler is for packages that do not know CoreDNS and use log/slog. It writes to CoreDNS's log: the message, followed by the
// attributes as key=value.
type logHandler struct {
	log        clog.P
	group      string // prefix of the following attributes, with a final dot
	attributes string // attributes of all records, with a space before each
}

// type check
var _ slog.Handler = (*logHandler)(nil)

// newLogger returns a logger that writes to CoreDNS's log.
func newLogger(log clog.P) *slog.Logger { return slog.New(&logHandler{log: log}) }

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || clog.D.Value()
}

// Handle implements slog.Handler. CoreDNS's log adds the time itself.
func (h *logHandler) Handle(_ context.Context, record slog.Record) error {
	var b strings.Builder
	b.WriteString(record.Message)
	b.WriteString(h.attributes)
	record.Attrs(func(a slog.Attr) bool {
		writeAttribute(&b, h.group, a)
		return true
	})
	switch {
	case record.Level >= slog.LevelError:
		h.log.Error(b.String())
	case record.Level >= slog.LevelWarn:
		h.log.Warning(b.String())
	case record.Level >= slog.LevelInfo:
		h.log.Info(b.String())
	default:
		h.log.Debug(b.String())
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.attributes)
	for _, a := range attributes {
		writeAttribute(&b, h.group, a)
	}
	return &logHandler{h.log, h.group, b.String()}
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &logHandler{h.log, h.group + name + ".", h.attributes}
}

// writeAttribute writes an attribute. Values may come from requests: it quotes those that could break the line.
func writeAttribute(b *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range value.Group() {
			writeAttribute(b, group, inner)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	text := value.String()
	if quoted := strconv.Quote(text); text == "" || quoted != `"`+text+`"` || strings.ContainsAny(text, " =") {
		text = quoted
	}
	b.WriteString(" " + group + a.Key + "=" + text)
}
