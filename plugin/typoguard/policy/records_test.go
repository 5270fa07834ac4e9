package policy

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTargetOf: a record leads to the name in its data, as the types by which a policy can ask for it.
func TestTargetOf(t *testing.T) {
	for record, want := range map[string]struct {
		name string
		as   Records
	}{
		"MX 10 mx.army.ml.":                                  {"mx.army.ml.", RecordMX},
		"CNAME army.ml.":                                     {"army.ml.", RecordCNAME},
		"SRV 1 1 5060 sip.army.ml.":                          {"sip.army.ml.", RecordSRV},
		"NS ns.army.ml.":                                     {"ns.army.ml.", RecordNS},
		"SVCB 1 svc.army.ml. alpn=h2":                        {"svc.army.ml.", RecordSVCB},
		"SVCB 0 svc.army.ml.":                                {"svc.army.ml.", RecordSVCB},
		"SVCB 1 .":                                           {"", 0},
		"HTTPS 1 www.army.ml. alpn=h3":                       {"www.army.ml.", RecordSVCB},
		"HTTPS 1 . alpn=h2":                                  {"", 0},
		`NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.army.ml.`:    {"_sip._udp.army.ml.", RecordSVCB},
		`NAPTR 10 10 "u" "E2U+sip" "!^.*$!sip:a@army.ml!" .`: {"", 0},
		"A 192.0.2.1":                                        {"", 0},
		"TXT army.ml.":                                       {"", 0},
	} {
		rr, err := dns.NewRR("x.example. 300 IN " + record)
		require.NoError(t, err, record)
		name, as := Target(rr)
		assert.Equal(t, want.name, name, record)
		assert.Equal(t, want.as, as, record)
	}
}

// TestRecordNames: what a Corefile names is written back in the order of the documentation, each once.
func TestRecordNames(t *testing.T) {
	var all Records
	for _, name := range []string{"svcb", "NS", "srv", "cname", "mx"} {
		r, err := ParseRecord(name)
		require.NoError(t, err, name)
		all |= r
	}
	assert.Equal(t, []string{"mx", "cname", "srv", "ns", "svcb"}, all.Names())
	assert.Equal(t, []uint16{dns.TypeSVCB, dns.TypeHTTPS, dns.TypeNAPTR}, RecordSVCB.Types())
	assert.Equal(t, []uint16{dns.TypeMX, dns.TypeSRV}, RecordMX.Types())
	_, err := ParseRecord("a")
	assert.EqualError(t, err, `unknown type "a"; expected mx, cname, srv, ns or svcb`)
}
