package typoguard

import (
	"errors"
	"log/slog"
	"testing"

	clog "github.com/coredns/coredns/plugin/pkg/log"

	"github.com/stretchr/testify/assert"
)

func init() { clog.Discard() }

// TestLogger: what is logged with log/slog is a line of CoreDNS's log, which no value breaks.
func TestLogger(t *testing.T) {
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"message", func(l *slog.Logger) { l.Info("here") }, "[INFO] plugin/test: here\n"},
		{"warning", func(l *slog.Logger) { l.Warn("here") }, "[WARNING] plugin/test: here\n"},
		{"error", func(l *slog.Logger) { l.Error("failed", "err", errors.New("no way"), "status", 500) }, `[ERROR] plugin/test: failed err="no way" status=500` + "\n"},
		{"debug", func(l *slog.Logger) { l.Debug("here") }, ""},
		{"what clients send", func(l *slog.Logger) { l.Info("asked", "path", "/\n[ERROR] no", "empty", "", "sum", "a=b") }, `[INFO] plugin/test: asked path="/\n[ERROR] no" empty="" sum="a=b"` + "\n"},
		{"attributes and groups", func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).Info("here", slog.Group("h", "c", 3), slog.Attr{})
		},
			"[INFO] plugin/test: here a=1 g.b=2 g.h.c=3\n"},
		{"no group", func(l *slog.Logger) { l.WithGroup("").Info("here", "a", 1) }, "[INFO] plugin/test: here a=1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, captureLog(t, "text", func() { tt.log(newLogger(clog.NewWithPlugin("test"))) }))
		})
	}
}
