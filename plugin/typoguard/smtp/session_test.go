package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// TestDialogue is what a mail server reads that delivers, command by command.
func TestDialogue(t *testing.T) {
	config, w := newConfig()
	var asked []string
	config.ID = func(client netip.Addr, domain, policy string) string {
		asked = append(asked, fmt.Sprintf("%s %s %s", client, domain, policy))
		return id
	}
	c := greeted(t, start(t, config))
	for _, step := range []struct{ command, reply string }{
		{"EHLO relay.example", "250-sinkhole.example\n250-PIPELINING\n250-8BITMIME\n250-ENHANCEDSTATUSCODES\n250-STARTTLS\n250-SMTPUTF8\n250 SIZE"},
		{"MAIL FROM:<alice@corp.example> SIZE=123456789 BODY=8BITMIME", "250 2.1.0 Sender noted"},
		{"RCPT TO:<bob@us.army.ml>", "550 5.1.2 <bob@us.army.ml>: us.army.ml looks like a mistyped us.army.mil. Nothing was sent. Please check the address: bob@us.army.mil ? Id k3j5q2abcd"},
		{"rcpt to:<Bob@us.army.ml> ", "550 5.1.2 <Bob@us.army.ml>: us.army.ml looks like a mistyped us.army.mil. Nothing was sent. Please check the address: Bob@us.army.mil ? Id k3j5q2abcd"},
		{"RCPT TO:<bob@example.org>", "550 5.7.1 <bob@example.org>: this host takes no mail"},
		{"DATA", "503 5.5.1 No valid recipients"},
		{"RSET", "250 2.0.0 Session reset"},
		{"RCPT TO:<bob@army.ml>", "503 5.5.1 Send MAIL first"},
		{"DATA", "503 5.5.1 No valid recipients"},
		{"BDAT 5 LAST\r\nabc", "503 5.5.1 No valid recipients"},
		{"NOOP", "250 2.0.0 I have successfully done nothing"},
		{"VRFY bob", "252 2.5.0 Cannot verify; this host takes no mail"},
		{"EXPN staff", "502 5.5.1 EXPN command not implemented"},
		{"AUTH PLAIN AGEAYg==", "502 5.5.1 AUTH command not implemented"},
		{"HELO relay.example", "250 sinkhole.example"},
		{"MAIL FROM:<>", "250 2.1.0 Sender noted"},
		{"RCPT TO:<bob@army.ml>", "550 5.1.2 <bob@army.ml>: army.ml looks like a mistyped army.mil. Nothing was sent. Please check the address: bob@army.mil ? Id k3j5q2abcd"},
		{"QUIT", "221 2.0.0 Bye"},
	} {
		assert.Equal(t, step.reply, c.say(step.command), step.command)
	}
	assert.Empty(t, c.ended())

	refusals := w.seen().refusals
	require.Len(t, refusals, 4)
	suggestions := refusals[0].Suggestions
	assert.Equal(t, []Suggestion{{Lookalike: event.Lookalike{Intended: "us.army.mil", Policy: "mil", Kind: "omission"}}}, suggestions)
	assert.Equal(t, []string{"127.0.0.1 us.army.ml mil", "127.0.0.1 us.army.ml mil", "127.0.0.1 army.ml mil"}, asked)
	assert.Regexp(t, "^[a-z2-7]{10}$", refusals[2].ID, "of nothing else")
	assert.NotEqual(t, id, refusals[2].ID)
	assert.Equal(t, Refusal{
		ID: id, Client: netip.MustParseAddr("127.0.0.1"), Helo: "relay.example",
		Sender: "corp.example", Recipient: "us.army.ml", Domain: "us.army.ml", Suggestions: suggestions,
	}, refusals[0])
	assert.Empty(t, refusals[2].Suggestions)
	assert.Empty(t, refusals[3].Sender, "the null sender")
}

// TestBeforeHello: a mail server that does not introduce itself is told to, and one that does so again begins anew.
func TestBeforeHello(t *testing.T) {
	config, _ := newConfig()
	c := greeted(t, start(t, config))
	require.Equal(t, "503 5.5.1 Send HELO or EHLO first", c.say("MAIL FROM:<alice@corp.example>"))
	require.Equal(t, "501 5.5.2 Domain/address argument required for HELO", c.say("EHLO"))
	c.begin("")
	require.Contains(t, c.say("EHLO relay.example"), "250-STARTTLS")
	require.Equal(t, "503 5.5.1 Send MAIL first", c.say("RCPT TO:<bob@army.ml>"))
}

// TestRecipients is about addresses of all kinds: what the refusal says of them, and the domain that was judged.
func TestRecipients(t *testing.T) {
	const army = "army.ml looks like a mistyped army.mil. Nothing was sent. Please check the address"
	const elsewhere = ": this host takes no mail"
	long := strings.Repeat("x", 300)
	tests := []struct {
		name, path string
		parameters string // of MAIL
		want       string // the reply after its codes
		domain     string
	}{
		{"quoted", `<"a b"@army.ml>`, "", `<"a b"@army.ml>: ` + army + `: "a b"@army.mil ?`, "army.ml"},
		{"an @ in quotes", `<"a@b"@army.ml>`, "", `<"a@b"@army.ml>: ` + army + `: "a@b"@army.mil ?`, "army.ml"},
		{"quotes and backslashes in quotes", `<"a\"\\"@army.ml>`, "", `<"a\"\\"@army.ml>: ` + army + `: "a\"\\"@army.mil ?`, "army.ml"},
		{"needless quotes", `<"bob"@army.ml>`, "", `<bob@army.ml>: ` + army + `: bob@army.mil ?`, "army.ml"},
		{"source route", "<@relay.example,@b.example:bob@army.ml>", "", `<bob@army.ml>: ` + army + `: bob@army.mil ?`, "army.ml"},
		{"percent", "<bob%army.mil@army.ml>", "", `<bob%army.mil@army.ml>: ` + army + `: bob%army.mil@army.mil ?`, "army.ml"},
		{"percent to a lookalike", "<bob%army.ml@example.org>", "", "<bob%army.ml@example.org>" + elsewhere, "example.org"},
		{"bang path", "<relay!bob@army.ml>", "", `<relay!bob@army.ml>: ` + army + `: relay!bob@army.mil ?`, "army.ml"},
		{"trailing dot", "<bob@army.ml.>", "", `<bob@army.ml>: ` + army + `: bob@army.mil ?`, "army.ml"},
		{"upper case", "<BOB@Us.ARMY.ML>", "", `<BOB@Us.ARMY.ML>: us.army.ml looks like a mistyped us.army.mil. Nothing was sent. Please check the address: BOB@us.army.mil ?`, "us.army.ml"},
		{"no brackets", "bob@army.ml", "", `<bob@army.ml>: ` + army + `: bob@army.mil ?`, "army.ml"},
		{"underscore", "<bob@_x.army.ml>", "", `<bob@_x.army.ml>: _x.army.ml looks like a mistyped _x.army.mil. Nothing was sent. Please check the address: bob@_x.army.mil ?`, "_x.army.ml"},
		{"IPv4 literal", "<bob@[192.0.2.1]>", "", "<bob@[192.0.2.1]>" + elsewhere, ""},
		{"IPv6 literal", "<bob@[IPv6:2001:db8::1]>", "", "<bob@[IPv6:2001:db8::1]>" + elsewhere, ""},
		{"empty label", "<bob@army..ml>", "", "<bob@army..ml>" + elsewhere, ""},
		{"only a dot", "<bob@.>", "", "this host takes no mail", ""},
		{"what is no domain", `<bob@army.ml\>`, "", `<bob@army.ml\>` + elsewhere, ""},
		{"A-labels", "<bob@xn--bcher-kva.ml>", "", "<bob@xn--bcher-kva.ml>: xn--bcher-kva.ml looks like a mistyped xn--bcher-kva.mil. Nothing was sent. Please check the address: bob@xn--bcher-kva.mil ?", "xn--bcher-kva.ml"},
		{"A-labels with SMTPUTF8", "<bob@xn--bcher-kva.ml>", " SMTPUTF8", "<bob@xn--bcher-kva.ml>: bücher.ml looks like a mistyped bücher.mil. Nothing was sent. Please check the address: bob@bücher.mil ?", "xn--bcher-kva.ml"},
		{"U-labels", "<bob@bücher.ml>", " SMTPUTF8", "<bob@bücher.ml>: bücher.ml looks like a mistyped bücher.mil. Nothing was sent. Please check the address: bob@bücher.mil ?", "xn--bcher-kva.ml"},
		{"U-labels without SMTPUTF8", "<bob@bücher.ml>", "", "xn--bcher-kva.ml looks like a mistyped xn--bcher-kva.mil. Nothing was sent. Please check the address: bob@xn--bcher-kva.mil ?", "xn--bcher-kva.ml"},
		{"full width", "<bob@ａｒｍｙ．ｍｌ>", " SMTPUTF8", `<bob@ａｒｍｙ．ｍｌ>: ` + army + `: bob@army.mil ?`, "army.ml"},
		{"UTF-8 in the local part", "<bøb@army.ml>", " SMTPUTF8", `<bøb@army.ml>: ` + army + `: bøb@army.mil ?`, "army.ml"},
		{"and without SMTPUTF8", "<bøb@army.ml>", "", army + ".", "army.ml"},
		{"turned around", "<b\u202eob@army.ml>", " SMTPUTF8", army + ".", "army.ml"},
		{"too long to repeat", "<" + long + "@army.ml>", "", army + ".", "army.ml"},
		{"too long for a domain", "<bob@" + strings.Repeat("x.", 150) + "army.ml>", "", "this host takes no mail", ""},
		{"several", "<bob@af.mil.example>", "", "<bob@af.mil.example>: af.mil.example looks like a mistyped a.example, b.example or c.example. Nothing was sent. Please check the address: bob@a.example, bob@b.example or bob@c.example ?", "af.mil.example"},
	}
	config, w := newConfig()
	s := start(t, config)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := greeted(t, s)
			c.begin(tt.parameters)
			want := "550 5.1.2 " + tt.want + " Id " + id
			if strings.HasSuffix(tt.want, "takes no mail") {
				want = "550 5.7.1 " + tt.want
			}
			assert.Equal(t, want, c.say("RCPT TO:"+tt.path))
			refusals := w.seen().refusals
			assert.Equal(t, tt.domain, refusals[len(refusals)-1].Domain)
		})
	}
}

// TestParseDomainLength: a domain is as long as one can be, in A-labels, and no longer.
func TestParseDomainLength(t *testing.T) {
	longest := strings.Repeat("x.", 123) + "army.ml"
	require.Len(t, longest, maxDomain)
	label := strings.Repeat("x", 63) + ".ml"
	for domain, want := range map[string]string{
		longest: longest, "x" + longest: "",
		label: label, "x" + label: "",
		"az-_09.ml": "az-_09.ml",
		"ar!my.ml":  "", "army/.ml": "", "ar+my.ml": "",
		strings.Repeat("ü.", 32) + "ml": "", // 258 octets in A-labels
		strings.Repeat("ü.", 31) + "ml": strings.Repeat("xn--tda.", 31) + "ml",
	} {
		assert.Equal(t, want, parseDomain(domain), domain)
	}
}

// TestClean: nothing that a client says, however it got here, can end a line of a reply or a log, or turn it around.
func TestClean(t *testing.T) {
	tests := []struct{ text, ascii, utf8 string }{
		{"plain ~", "plain ~", "plain ~"},
		{"a\r\n250 b", "a??250 b", "a??250 b"},
		{"ü\r\n\x00\x1b\x7f", "u?????", "ü?????"},
		{"\xff\xc3", "??", "??"},
		{"a\u202eb\u200b", "a?b?", "a?b?"},
		{"bücher", "bucher", "bücher"},
		{"bu\u0308cher", "bucher", "bu\u0308cher"},
		{"армия", "?????", "армия"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.ascii, printable(tt.text, false), "%q", tt.text)
		assert.Equal(t, tt.utf8, printable(tt.text, true), "%q", tt.text)
	}
}

// TestWrap: lines are as long as they may be, and no longer.
func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"aaaa bbbb"}, wrap("aaaa bbbb", 9))
	assert.Equal(t, []string{"aaaa", "bbbb"}, wrap("aaaa bbbb", 8))
	assert.Equal(t, []string{"a", "bbbb", "c"}, wrap("a bbbbbb c", 4), "a word that is too long is cut")
	assert.Equal(t, "a", truncate("aü", 2), "not within a character")
	assert.Equal(t, "aü", truncate("aü", 3))
	assert.Empty(t, truncate("ü", 1))
}

// TestNoRecipients: what is no address at all is a syntax error, and nobody is told.
func TestNoRecipients(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	c.begin("")
	for _, path := range []string{"<>", "<bob>", "<@army.ml>", `<"bob@army.ml>`, "<bob@>", "<bob@army.ml", "bob army.ml", "<b ob@army.ml>", ""} {
		assert.Equal(t, "501 5.5.2 Was expecting RCPT arg syntax of TO:<address>", c.say("RCPT TO:"+path), path)
	}
	assert.Empty(t, w.seen().refusals)
}

// TestLongReply: a reply that does not fit on a line has several, each with the codes and within 512 octets.
func TestLongReply(t *testing.T) {
	config, _ := newConfig()
	config.Suggest = func(_ netip.Addr, domain string) []Suggestion {
		return []Suggestion{{Lookalike: event.Lookalike{Intended: "a." + domain}}, {Lookalike: event.Lookalike{Intended: "b." + domain}}}
	}
	sub := strings.Repeat(strings.Repeat("y", 60)+".", 3) + "army.ml"
	c := greeted(t, start(t, config))
	c.begin("")
	c.send("RCPT TO:<" + strings.Repeat("x", 60) + "@" + sub + ">\r\n")
	lines := c.reply()
	require.Len(t, lines, 4)
	for i, line := range lines {
		assert.LessOrEqual(t, len(line), 510)
		assert.Equal(t, []string{"550-5.1.2 ", "550-5.1.2 ", "550-5.1.2 ", "550 5.1.2 "}[i], line[:10])
	}
}

// TestHint: the site's own words stand on lines of their own, filled in, and in ASCII unless the client has SMTPUTF8.
func TestHint(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	for parameters, words := range map[string]string{"": "call 112 fur", " SMTPUTF8": "call 112 für"} {
		c.begin(parameters)
		c.send("RCPT TO:<bob@us.navy.ml>\r\n")
		lines := c.reply()
		seen := w.seen().refusals
		require.Len(t, lines, 2)
		assert.Contains(t, lines[0], "550-5.1.2 <bob@us.navy.ml>: us.navy.ml looks like")
		assert.NotContains(t, lines[0], " Id ", "the hint has it")
		assert.Equal(t, "550 5.1.2 Help desk: "+words+" bob@us.navy.ml, not bob@us.navy.mil; us.navy.ml us.navy.mil mil "+seen[len(seen)-1].ID, lines[1])
	}
	assert.Equal(t, "alice@corp.example", w.seen().refusals[0].Sender, "the policy has addresses logged")
	assert.Equal(t, "bob@us.navy.ml", w.seen().refusals[0].Recipient)
}

// TestHintInjection: what a client puts where a placeholder will be is not looked at again.
func TestHintInjection(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	c.begin("")
	c.send("RCPT TO:<{id}{policy}@navy.ml>\r\n")
	lines := c.reply()
	assert.Contains(t, lines[1], "fur {id}{policy}@navy.ml, not {id}{policy}@navy.mil; navy.ml navy.mil mil "+w.seen().refusals[0].ID)
}

func TestCheckHint(t *testing.T) {
	tests := []struct{ name, hint, want string }{
		{"good", "Call the help desk, {id}: {recipient} {suggested} {lookalike} {intended} {policy}", ""},
		{"UTF-8", "Rückfragen: 2525", ""},
		{"empty", " ", "empty text; expected a message for the sender"},
		{"long", strings.Repeat("x", 501), "501 bytes long; expected at most 500"},
		{"not UTF-8", "f\xfcr", `"f\xfcr" is not UTF-8; expected a message for the sender`},
		{"two lines", "one\ntwo", `'\n' is not printable; expected a single line of text`},
		{"a format character", "a\u202eb", `'\u202e' is not printable; expected a single line of text`},
		{"unknown", "{sender}", `unknown placeholder "{sender}"; expected one of {recipient}, {suggested}, {lookalike}, {intended}, {policy}, {id}`},
		{"open", "{id", `unknown placeholder "{id"; expected one of {recipient}, {suggested}, {lookalike}, {intended}, {policy}, {id}`},
		{"closed", "id}", `unknown placeholder "}"; expected one of {recipient}, {suggested}, {lookalike}, {intended}, {policy}, {id}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckHint(tt.hint); tt.want != "" {
				require.EqualError(t, err, tt.want)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// clumsy is an observer that panics.
type clumsy struct{ *witness }

func (clumsy) LimitHit(Limit) { panic("clumsy") }

// TestPanic: it ends the session in which it happens, and is told of; others go on.
func TestPanic(t *testing.T) {
	config, w := newConfig()
	config.Observer = clumsy{w}
	config.Suggest = func(netip.Addr, string) []Suggestion { panic("no judgement") }
	s := start(t, config)
	judged, limited, other := greeted(t, s), greeted(t, s), greeted(t, s)
	judged.begin("")
	require.Contains(t, judged.say("RCPT TO:<bob@army.ml>"), "421 4.0.0 Internal server error")
	require.Empty(t, judged.ended())
	limited.send("NOOP" + strings.Repeat(" ", DefaultLimits.LineLength))
	require.Equal(t, "421 4.3.0 sinkhole.example Internal error\r\n", limited.ended())
	require.Contains(t, other.say("NOOP"), "250")
	require.Eventually(t, func() bool { return len(w.seen().failures) == 2 }, waitTimeout, time.Millisecond)
	failed := errors.Join(w.seen().failures...)
	require.ErrorContains(t, failed, "no judgement")
	require.ErrorContains(t, failed, "clumsy")
}

// TestStartTLS: after it the client is unknown, and the transaction gone; the certificate is for the server's name.
func TestStartTLS(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	c.begin("")
	require.Equal(t, "220 2.0.0 Ready to start TLS", c.say("STARTTLS"))
	conn := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true})
	require.NoError(t, conn.Handshake())
	certificate := conn.ConnectionState().PeerCertificates[0]
	require.NoError(t, certificate.VerifyHostname("sinkhole.example"))

	secure := newClient(t, conn)
	require.Equal(t, "503 5.5.1 Send MAIL first", secure.say("RCPT TO:<bob@army.ml>"), "the transaction is gone")
	require.Equal(t, "503 5.5.1 Send HELO or EHLO first", secure.say("MAIL FROM:<alice@corp.example>"), "the client is unknown")
	require.NotContains(t, secure.say("EHLO relay.example"), "STARTTLS")
	require.Equal(t, "503 5.5.1 TLS is already active", secure.say("STARTTLS"))
	require.Equal(t, "502 5.5.1 AUTH command not implemented", secure.say("AUTH PLAIN AGEAYg=="))
	secure.begin("")
	require.Contains(t, secure.say("RCPT TO:<bob@army.ml>"), "550 5.1.2 <bob@army.ml>")
	require.Contains(t, secure.say("QUIT"), "221")
	require.Empty(t, secure.ended())
	require.Equal(t, []error{nil}, w.seen().tls)
	require.True(t, w.seen().refusals[0].TLS)
}

// TestListed: a client that was sent here before the domain was allowed is told to try again.
func TestListed(t *testing.T) {
	config, w := newConfig()
	c := greeted(t, start(t, config))
	c.begin(" SMTPUTF8")
	for recipient, want := range map[string]string{
		"bob@gov.ml":     "451 4.4.4 <bob@gov.ml>: gov.ml is no longer sent here. Nothing was sent; please try again",
		"bob@ARMY.mil":   "451 4.4.4 <bob@ARMY.mil>: army.mil is no longer sent here. Nothing was sent; please try again",
		"b\u202e@gov.ml": "451 4.4.4 gov.ml is no longer sent here. Nothing was sent; please try again",
		"bob@army.ml":    "550 5.1.2 <bob@army.ml>: army.ml looks like a mistyped army.mil. Nothing was sent. Please check the address: bob@army.mil ? Id k3j5q2abcd",
		"bob@trial.ml":   "451 4.4.4 <bob@trial.ml>: trial.ml looks like a mistyped trial.mil. Nothing was sent. Please check the address: bob@trial.mil ? Id k3j5q2abcd",
		"bob@mali.ml":    "550 5.7.1 <bob@mali.ml>: this host takes no mail",
	} {
		assert.Equal(t, want, c.say("RCPT TO:<"+recipient+">"))
	}
	assert.Equal(t, "503 5.5.1 No valid recipients", c.say("DATA"))
	assert.Equal(t, 3, w.seen().deferred)
	assert.Len(t, w.seen().refusals, 3)
}

// TestConfiguredCertificate: it is presented, and a new one after a reload.
func TestConfiguredCertificate(t *testing.T) {
	config, _ := newConfig()
	var err error
	config.Certificate, err = selfSigned("one.example")
	require.NoError(t, err)
	s := start(t, config)
	presented := func() string {
		c := greeted(t, s)
		c.begin("")
		require.Contains(t, c.say("STARTTLS"), "220")
		conn := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, conn.Handshake())
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "one.example", presented())
	next, _ := newConfig()
	next.Certificate, err = selfSigned("two.example")
	require.NoError(t, err)
	s.Configure(next)
	require.Equal(t, "two.example", presented())
}
