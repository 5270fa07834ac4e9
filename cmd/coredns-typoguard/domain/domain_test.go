package domain

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	tests := []struct{ given, want string }{
		{"army.ml", "army.ml"},
		{"Army.ML.", "Army.ML."},
		{".", "."},
		{"bob@army.ml", "army.ml"},
		{"<bob@army.ml>", "army.ml"},
		{`"a@b"@army.ml`, "army.ml"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"bob@BÜCHER.example", "xn--bcher-kva.example"},
		{"аrmy.mil", "xn--rmy-5cd.mil"},
		{"army。ml", "army.ml"}, // an ideographic full stop, which IDNA maps to a dot
		{"_25._tcp.mx.army.ml", "_25._tcp.mx.army.ml"},
		{`a\.b.army.ml`, `a\.b.army.ml`},
	}
	for _, tt := range tests {
		t.Run(tt.given, func(t *testing.T) {
			got, err := Of(tt.given)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestOfErrors(t *testing.T) {
	for _, given := range []string{"", "bob@", "<>", "a b", "\x1b[31marmy.ml", "army.ml\x7f", "a\nb", "bob@[\x1b[31m]", "army..ml",
		"bob@army.ml,", "army.ml;", "army.ml:25", "https://army.ml/", "army.ml/path", `"army.ml"`, "(army.ml)", "army.ml>", "mailto:army.ml", "army.ml?subject=x",
		"army.ml|x", "{army.ml}", "[army.ml]", strings.Repeat("a", 64) + ".ml", strings.Repeat("a.", 128) + "ml"} {
		_, err := Of(given)
		require.ErrorContains(t, err, "expected a domain name or a mail address", given)
		require.NotErrorIs(t, err, ErrLiteral)
	}
	_, err := Of("bob@[192.0.2.1]")
	require.ErrorIs(t, err, ErrLiteral)
}

// FuzzOf: what is taken for a name is one, and is the same when it is given again.
func FuzzOf(f *testing.F) {
	f.Add("bob@army.ml")
	f.Add("<bücher.example>")
	f.Fuzz(func(t *testing.T, s string) {
		name, err := Of(s)
		if err != nil {
			return
		}
		_, ok := dns.IsDomainName(name)
		require.True(t, ok)
		require.NotContains(t, name, "@")
		if strings.HasPrefix(name, "<") { // was in brackets twice
			return
		}
		again, err := Of(name)
		require.NoError(t, err)
		require.Equal(t, name, again)
	})
}
