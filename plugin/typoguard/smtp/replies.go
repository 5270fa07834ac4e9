package smtp

import "strings"

// corrections are the replies that go-smtp would not have got right, by the command that is answered and the beginning of
// the reply: it echoes what the client sent, promises to take mail, or uses 502 ("not implemented") for commands out of
// sequence, for which RFC 5321 section 4.2.4 has 503. HOST stands for the server's name. An empty line is left out.
var corrections = []struct{ verb, reply, instead string }{
	{"", "220 ", "220 HOST ESMTP typoguard, takes no mail"},
	{"HELO", "250 ", "250 HOST"},
	{"EHLO", "250-Hello", "250-HOST"},
	{"EHLO", "250-CHUNKING", starttlsOffer}, // BDAT is of no use without a recipient
	{"MAIL", "250 ", "250 2.1.0 Sender noted"},
	{"MAIL", "502 ", "503 5.5.1 Send HELO or EHLO first"},
	{"RCPT", "502 ", "503 5.5.1 Send MAIL first"},
	{"DATA", "502 ", "503 5.5.1 No valid recipients"},
	{"VRFY", "252 ", "252 2.5.0 Cannot verify; this host takes no mail"},
	{"AUTH", "523 ", "502 5.5.1 AUTH command not implemented"}, // TLS would not help
	{"STARTTLS", "", ""},                                       // answered by the transport already
}

// starttlsOffer is what EHLO is told while TLS can begin.
const starttlsOffer = "250-STARTTLS"

// correct returns a line of a reply, without its end, as it may be sent: right, printable and short enough.
func (t *transport) correct(line string) (string, bool) {
	for _, c := range corrections {
		if c.verb == t.verb && strings.HasPrefix(line, c.reply) {
			if c.instead == "" || (c.instead == starttlsOffer && t.tls != nil) {
				return "", false
			}
			return strings.ReplaceAll(c.instead, "HOST", t.config.Hostname), true
		}
	}
	return cut(clean(line, t.utf8), maxReply-len("\r\n")), true
}
