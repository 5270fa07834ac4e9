package logs

import (
	"testing"

	tap "github.com/dnstap/golang-dnstap"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// TestHalves: a line that is cut off, or says what is not known, is not understood, and is never taken for nothing.
func TestHalves(t *testing.T) {
	const courier = "Nov 21 23:38:15 relay courieresmtp: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,addr=<bob@army.ml>"
	const by = ` from "alice@corp.example" by ""`
	runLineTests(t, "", []lineTest{
		{"Courier, deferred", []string{courier + ",status: deferred"}, []string{"2026-11-21 22:38:15 bob@army.ml deferred" + by}, Taken},
		{"Courier, failed", []string{courier + ",status: failure"}, []string{"2026-11-21 22:38:15 bob@army.ml bounced" + by}, Taken},
		{"Courier, no address", []string{"Nov 21 23:38:15 relay courieresmtp: id=0038C081.4D026173.000051A4,from=<alice@corp.example>,status: failure"}, nil, Unknown},
		{"dnsmasq, a type by its number", []string{"Nov 21 23:38:15 ns dnsmasq[1]: query[type=65] army.ml from 10.0.0.1"}, []string{`2026-11-21 22:38:15 army.ml HTTPS from "" by "10.0.0.1"`}, Taken},
		{"dnsmasq, another key", []string{"Nov 21 23:38:15 ns dnsmasq[1]: query[kind=65] army.ml from 10.0.0.1"}, nil, Unknown},
		{"dnsmasq, cut", []string{"Nov 21 23:38:15 ns dnsmasq[1]: query[MX] army.ml fr"}, nil, Unknown},
	})
}

// TestDnstapFrames: of frames only queries count, and one that is broken is not understood.
func TestDnstapFrames(t *testing.T) {
	query := new(dns.Msg).SetQuestion("army.ml.", dns.TypeMX)
	packed, err := query.Pack()
	require.NoError(t, err)
	two := new(dns.Msg).SetQuestion("army.ml.", dns.TypeMX)
	two.Question = append(two.Question, two.Question[0])
	packedTwo, err := two.Pack()
	require.NoError(t, err)
	chaos := new(dns.Msg).SetQuestion("version.bind.", dns.TypeTXT)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	packedChaos, err := chaos.Pack()
	require.NoError(t, err)
	frame := func(kind tap.Message_Type, message []byte) []byte {
		what := tap.Dnstap_MESSAGE
		b, err := proto.Marshal(&tap.Dnstap{Type: &what, Message: &tap.Message{Type: &kind, QueryMessage: message}})
		require.NoError(t, err)
		return b
	}
	tests := []struct {
		name  string
		frame []byte
		want  Result
	}{
		{"query", frame(tap.Message_CLIENT_QUERY, packed), Taken},
		{"response", frame(tap.Message_CLIENT_RESPONSE, packed), Other},
		{"no dnstap", []byte("army.ml"), Unknown},
		{"no message", frame(tap.Message_CLIENT_QUERY, nil), Unknown},
		{"cut in the header", frame(tap.Message_CLIENT_QUERY, packed[:11]), Unknown},
		{"cut in the name", frame(tap.Message_CLIENT_QUERY, packed[:15]), Unknown},
		{"cut behind the name", frame(tap.Message_CLIENT_QUERY, packed[:len(packed)-1]), Unknown},
		{"two questions", frame(tap.Message_CLIENT_QUERY, packedTwo), Other},
		{"class CH", frame(tap.Message_CLIENT_QUERY, packedChaos), Other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			records := 0
			assert.Equal(t, tt.want, newDnstap(nil).parse(&entry{message: tt.frame}, func(*Record) { records++ }))
			assert.Equal(t, tt.want == Taken, records == 1)
		})
	}
}
