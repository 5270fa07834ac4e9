package policy

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestInspect: what becomes of records that lead to lookalikes depends on what else there is.
func TestInspect(t *testing.T) {
	mx := Policy{Inspect: RecordMX}
	all := Policy{Inspect: RecordMX | RecordCNAME | RecordNS}
	const mail = "www.example. MX 10 mx.example.\nwww.example. MX 20 mx.army.ml."
	const found = "mx.army.ml. by www.example. enforce"
	tests := []struct {
		name         string
		policy       Policy
		query, reply string
		bad          string // records that must go
		enough       bool   // without them
		finds        string
	}{
		{"nothing", mx, "www.example. MX", "www.example. MX 10 mx.example.", "", true, ""},
		{"one of two", mx, "www.example. MX", mail, "www.example. MX 20 mx.army.ml.\n", true, found},
		{"the only one", mx, "www.example. MX", "www.example. MX 20 mx.army.ml.", "www.example. MX 20 mx.army.ml.\n", false, found},
		{"both", mx, "www.example. MX", "www.example. MX 20 mx.army.ml.\nwww.example. MX 20 mx.navy.ml.",
			"www.example. MX 20 mx.army.ml.\nwww.example. MX 20 mx.navy.ml.\n", false, found + ", mx.navy.ml. by www.example. enforce"},
		{"another name's", mx, "www.example. MX", "www.example. MX 20 mx.army.ml.\nother.example. MX 10 mx.example.",
			"www.example. MX 20 mx.army.ml.\n", false, found},
		{"other case", mx, "www.example. MX", "WWW.example. MX 10 mx.example.\nwww.example. MX 20 mx.army.ml.",
			"www.example. MX 20 mx.army.ml.\n", true, found},
		{"another type", mx, "www.example. MX", "www.example. MX 20 mx.army.ml.\nwww.example. A 192.0.2.1", "www.example. MX 20 mx.army.ml.\n", false, found},
		{"one RRset of two", all, "www.example. MX", mail + "\n--\nexample. NS ns.army.ml.",
			"www.example. MX 20 mx.army.ml.\nexample. NS ns.army.ml.\n", false, found + ", ns.army.ml. by example. enforce"},
		{"in AUTHORITY", all, "www.example. MX", "--\nexample. NS ns.army.ml.\nexample. NS ns.example.", "example. NS ns.army.ml.\n", true, "ns.army.ml. by example. enforce"},
		{"not in ADDITIONAL", all, "www.example. A", "++\nexample. NS ns.army.ml.", "", true, ""},
		{"not inspected", Policy{Inspect: RecordCNAME}, "www.example. MX", mail, "", true, ""},
		{"no policy inspects", Policy{}, "www.example. MX", mail, "", true, ""},
		{"monitored", Policy{Inspect: RecordMX, Mode: Monitor}, "www.example. MX", mail, "", true, "mx.army.ml. by www.example. monitor"},
		{"a type that the policy passes", Policy{Inspect: RecordMX, Action: NullMX}, "www.example. A", mail, "", true, ""},
		{"another client", Policy{Inspect: RecordMX, Clients: networks("198.51.100.0/24")}, "www.example. MX", mail, "", true, ""},
		{"no counterpart", Policy{Inspect: RecordMX, Require: &Requirement{}}, "www.example. MX", "www.example. MX 20 shop.ml.", "", true, ""},
		{"found on the way", Policy{Inspect: RecordCNAME, Mode: Monitor}, "www.example. MX", "www.example. CNAME army.ml.", "", true, ""},
		{"dropped", all, "www.example. A", "www.example. A 192.0.2.1\n--\narmy.ml. NS ns.army.ml.", "", true, ""},
		{"no other but what is dropped", all, "www.example. A", "www.example. A 192.0.2.1\nnavy.ml. CNAME navy.ml.\n--\narmy.ml. NS ns.example.\nexample. NS ns.army.ml.",
			"example. NS ns.army.ml.\n", false, "ns.army.ml. by example. enforce"},
		{"an alias off the way", all, "www.example. A", "www.example. A 192.0.2.1\nx.example. CNAME army.ml.", "x.example. CNAME army.ml.\n", false, "army.ml. by x.example. enforce"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := compile(t, setting{Policy: tt.policy, protect: "mil", allow: "gov.ml"})
			reply := kit.Reply(t, tt.reply)
			name, qtype, _ := strings.Cut(tt.query, " ")
			q := &Query{Name: name, Type: dns.StringToType[qtype], Client: from("192.0.2.1"), Exists: onlyArmy}
			d := s.Judge(q)
			decided := s.JudgeReply(q, &d, reply)
			require.Equal(t, Keep, decided.Change)
			got := s.Inspect(q, reply, &decided)
			var bad []dns.RR
			for _, rr := range append(reply.Answer, reply.Ns...) {
				if got.Bad[rr] {
					bad = append(bad, rr)
				}
			}
			assert.Equal(t, tt.bad, brief(bad))
			assert.Equal(t, tt.enough, got.Enough)
			assert.Equal(t, tt.finds, strings.Join(findings(got.Findings), ", "))
			if tt.bad == "" {
				assert.Nil(t, got.By)
			} else {
				require.NotNil(t, got.By)
				assert.Same(t, bad[0], got.By.Record)
			}
		})
	}
}
