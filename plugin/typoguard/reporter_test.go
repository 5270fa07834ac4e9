package typoguard

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// TestDescribeRefusal: the essentials are in the text, and every value in a field of its own.
func TestDescribeRefusal(t *testing.T) {
	refusal := &smtp.Refusal{
		ID: "abcd2345", Client: netip.MustParseAddr("192.0.2.1"), Helo: `re"lay`, TLS: true, Sender: "corp.example",
		Recipient: "bob@us.army.ml", Domain: "us.army.ml",
		Suggestions: []smtp.Suggestion{{Intended: "us.army.mil", Policy: "mil", Kind: "omission"}},
	}
	text, attributes := describeRefusal(refusal, 3)
	assert.Equal(t, `Refused mail from <corp.example> to <bob@us.army.ml>, which looks like us.army.mil (omission, policy mil): `+
		`client 192.0.2.1 (HELO "re\"lay", TLS), id abcd2345 (and 3 events not logged before it)`, text)
	fields := map[string]string{}
	for _, a := range attributes {
		fields[a.Key] = a.Value.String()
	}
	assert.Equal(t, map[string]string{
		"plugin": "typoguard", "event.action": "smtp-refused", "event.id": "abcd2345", "client.ip": "192.0.2.1", "tls.established": "true",
		"rule.name": "mil", "typoguard.helo": `re"lay`, "typoguard.sender": "corp.example", "typoguard.recipient": "bob@us.army.ml",
		"typoguard.lookalike": "us.army.ml", "typoguard.intended": "us.army.mil", "typoguard.kind": "omission", "typoguard.unlogged": "3",
	}, fields)

	refusal.Suggestions, refusal.TLS = nil, false
	text, _ = describeRefusal(refusal, 0)
	assert.Equal(t, `Refused mail from <corp.example> to <bob@us.army.ml>, which looks like no protected suffix: client 192.0.2.1 (HELO "re\"lay", no TLS), id abcd2345`, text)
}

// TestReporterFull: nobody waits when nothing is logged.
func TestReporterFull(t *testing.T) {
	before := testutil.ToFloat64(smtpUnlogged)
	r := &reporter{queue: make(chan report, 3)}
	for range 10 {
		r.report(report{refusal: new(smtp.Refusal)})
	}
	assert.InDelta(t, before+7, testutil.ToFloat64(smtpUnlogged), 0)
}

// TestReporterFlood: of a flood a hundred events are logged at once, then one a second, and all others are counted.
func TestReporterFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unlogged := func() float64 { return testutil.ToFloat64(smtpUnlogged) }
		before := unlogged()
		r := newReporter()
		for range 1000 {
			r.report(report{failure: errors.New("no")})
			synctest.Wait()
		}
		assert.InDelta(t, before+900, unlogged(), 0)
		<-time.After(5 * time.Second)
		for range 1000 {
			r.report(report{refusal: new(smtp.Refusal)})
			synctest.Wait()
		}
		assert.InDelta(t, before+900+995, unlogged(), 0)
		r.close()
		r.report(report{refusal: new(smtp.Refusal)})
		assert.InDelta(t, before+900+995+1, unlogged(), 0, "too late")
	})
}
