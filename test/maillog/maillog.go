// Package maillog makes logs of Postfix for benchmarks: what a relay logs of messages from a few hundred hosts to tens of
// thousands of domains, of which some are asked for far more often than others.
package maillog

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// domains is how many different domains there are mails to.
const domains = 30_000

// Write writes so many lines, the same every time: of seven for each message one is the delivery. One message of a thousand
// goes to a lookalike of army.mil.
func Write(w io.Writer, lines int) error {
	out := bufio.NewWriterSize(w, 1<<20)
	random := rand.New(rand.NewPCG(1, 2)) // the same every time is what is wanted
	often := rand.NewZipf(random, 1.1, 10, domains-1)
	now := time.Date(2026, time.August, 1, 0, 0, 0, 0, time.UTC)
	for n := 0; n < lines; n += 7 {
		now = now.Add(time.Duration(random.IntN(3000)) * time.Millisecond)
		m := message{random: random, id: fmt.Sprintf("%011X", 0x9C70A9883A1+n), domain: fmt.Sprintf("mail-%d.example", often.Uint64())}
		if random.IntN(1000) == 0 {
			m.domain = []string{"army.ml", "amry.mil", "us.army.ml", "army.mi", "arrny.mil"}[random.IntN(5)]
		}
		m.write(out, now.Format(time.Stamp))
	}
	return out.Flush()
}

// message is one that is logged.
type message struct {
	random     *rand.Rand
	id, domain string
}

func (m *message) write(w io.Writer, stamp string) {
	host, user := m.random.IntN(300), m.random.IntN(5000)
	line := func(program, format string, args ...any) {
		fmt.Fprintf(w, "%s relay postfix/%s[%d]: %s\n", stamp, program, 1000+m.random.IntN(30000), fmt.Sprintf(format, args...))
	}
	client := fmt.Sprintf("host-%d.corp.example[10.1.%d.%d]", host, host/250, host%250)
	line("smtpd", "connect from %s", client)
	line("smtpd", "%s: client=%s", m.id, client)
	line("cleanup", "%s: message-id=<%016x.%s@host-%d.corp.example>", m.id, m.random.Uint64(), m.id, host)
	line("qmgr", "%s: from=<user-%d@corp.example>, size=%d, nrcpt=1 (queue active)", m.id, user, 1000+m.random.IntN(100000))
	line("smtpd", "disconnect from %s ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5", client)
	switch m.random.IntN(20) {
	case 0:
		line("smtp", "%s: to=<user-%d@%s>, relay=none, delay=0.01, delays=0/0.01/0/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=%s type=AAAA: Host not found)", m.id, user, m.domain, m.domain)
	case 1:
		line("smtp", "%s: to=<user-%d@%s>, relay=none, delay=30, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to mx.%s[192.0.2.1]:25: Connection timed out)", m.id, user, m.domain, m.domain)
	default:
		line("smtp", "%s: to=<user-%d@%s>, relay=mx.%s[192.0.2.1]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %s)", m.id, user, m.domain, m.domain, m.id)
	}
	line("qmgr", "%s: removed", m.id)
}
