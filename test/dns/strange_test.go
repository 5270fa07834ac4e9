package dns_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// strangeLookalikes are lookalikes that are hardly host names, by what stands before the suffix. A query must not fail
// over them, nor slip through.
var strangeLookalikes = []struct{ name, prefix, near, protected, kind string }{
	{"255 octets", strings.Repeat(strings.Repeat("x", 63)+".", 3) + strings.Repeat("y", 53) + ".", "army.ml", "army.mil", "omission"},
	{"127 labels", strings.Repeat("a.", 121), "q.w.e.r.t.z", "q.w.e.r.t.y", "substitution"},
	{"not UTF-8", `\255\254.`, "army.ml", "army.mil", "omission"},
	{"zeros", `\000\000.`, "army.ml", "army.mil", "omission"},
	{"dots in a label", `a\.b\.\.c.`, "army.ml", "army.mil", "omission"},
	{"backslash", `\\.`, "army.ml", "army.mil", "omission"},
	{"wildcard", `*.`, "army.ml", "army.mil", "omission"},
	{"broken A-labels", `xn--.xn--\255.xn--zzzzzzzz.`, "army.ml", "army.mil", "omission"},
}

// TestStrangeLookalikes asks about lookalikes that are hardly host names, over UDP, where the longest leave little room.
func TestStrangeLookalikes(t *testing.T) {
	t.Parallel()
	actions := []struct {
		name string
		want outcome
	}{
		{"nxdomain", nxdomain},
		{"nullmx", nullMX},
		{"sinkhole 192.0.2.66 2001:db8::66", sinkMX},
	}
	for _, action := range actions {
		t.Run(action.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    typoguard {
        protect army.mil q.w.e.r.t.y
        ttl 77
        action `+action.name+`
    }
    forward . {$UPSTREAM}
}
`)
			for _, lookalike := range strangeLookalikes {
				for _, size := range []uint16{0, dns.MinMsgSize, 1232} {
					t.Run(fmt.Sprintf("%s/%d octets", lookalike.name, size), func(t *testing.T) {
						q := query(lookalike.prefix+lookalike.near+".", dns.TypeMX)
						if size > 0 {
							q.SetEdns0(size, true)
						}
						text := explanation(lookalike.prefix+lookalike.near, lookalike.prefix+lookalike.protected, lookalike.kind, "default")
						checkStrange(t, s, q, action.want, text)
					})
				}
			}
		})
	}
}

// checkStrange fails the test unless the answer to a query is complete, and as large as the client can take at most; the
// explanation may be cut for that.
func checkStrange(t *testing.T, s *server, q *dns.Msg, want outcome, full string) {
	t.Helper()
	packed, err := q.Pack()
	require.NoError(t, err)
	raw, err := overUDP(t, s)(packed)
	require.NoError(t, err)
	m := new(dns.Msg)
	require.NoError(t, m.Unpack(raw))

	checkEcho(t, packed, raw)
	text := ""
	if opt := q.IsEdns0(); opt != nil {
		require.Len(t, edes(m), 1, "Extended DNS Error")
		text = edes(m)[0].ExtraText
		assert.LessOrEqual(t, len(raw), int(opt.UDPSize()), "octets")
	} else {
		assert.LessOrEqual(t, len(raw), dns.MinMsgSize, "octets")
	}
	assert.Truef(t, strings.HasPrefix(full, text), "EXTRA-TEXT %q, want the beginning of %q", text, full)
	assert.True(t, utf8.ValidString(text), "EXTRA-TEXT in UTF-8")
	want.check(t, q, m, 77, text)
}
