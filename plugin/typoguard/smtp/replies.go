package smtp

import "strings"

// corrections replace replies that go-smtp gets wrong, by command and beginning of the reply: it echoes what the client sent,
// promises to take mail, or answers commands out of sequence with 502 ("not implemented") where RFC 5321 section 4.2.4 requires
// 503. HOST stands for the server's name. An empty replacement removes the line.
var corrections = []struct{ verb, reply, instead string }{
	{"", "220 ", "220 HOST ESMTP typoguard, takes no mail"},
	{"HELO", "250 ", "250 HOST"},
	{"EHLO", "250-Hello", "250-HOST"},
	{"EHLO", "250-CHUNKING", starttlsOffer}, // BDAT is useless without a recipient
	{"MAIL", "250 ", "250 2.1.0 Sender noted"},
	{"MAIL", "502 ", helloFirst},
	{"RCPT", "502 ", "503 5.5.1 Send MAIL first"},
	{"DATA", "502 ", "503 5.5.1 No valid recipients"},
	{"VRFY", "252 ", "252 2.5.0 Cannot verify; this host takes no mail"},
	{"AUTH", "523 ", "502 5.5.1 AUTH command not implemented"}, // TLS would not help
	{"STARTTLS", "", ""},                                       // the transport has already answered
}

// helloFirst is the reply to MAIL from a client that has not introduced itself.
const helloFirst = "503 5.5.1 Send HELO or EHLO first"

// starttlsOffer is the EHLO line that offers STARTTLS, until TLS is active.
const starttlsOffer = "250-STARTTLS"

// correct returns a reply line, without its end, that is correct, printable and short enough, or false to omit it.
func (t *transport) correct(line string) (string, bool) {
	for _, c := range corrections {
		if c.verb == t.verb && strings.HasPrefix(line, c.reply) {
			if c.instead == "" || (c.instead == starttlsOffer && t.tls != nil) {
				return "", false
			}
			return strings.ReplaceAll(c.instead, "HOST", t.config.Hostname), true
		}
	}
	return truncate(printable(line, t.utf8), maxReply-len("\r\n")), true
}
