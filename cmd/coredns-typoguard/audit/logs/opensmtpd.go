package logs

import "bytes"

// opensmtpd reads the log of OpenSMTPD, from syslog or from smtpd -d. A delivery is
//
//	Nov 21 23:38:15 relay smtpd[314]: 7cbce053dc3c54df mta delivery evpid=9283c0dde9358960 from=<alice@corp.example>
//	to=<bob@army.ml> rcpt=<-> source="192.0.2.25" relay="192.0.2.1 (mx.army.ml)" delay=0s result="Ok" stat="250 …"
//
// on one line, of mda for mailboxes on this host. The client is in lines of the session that took the message, whose ID the
// envelope's begins with.
type opensmtpd struct {
	clock    *Clock
	sessions *origins // of clients, by session
	messages *origins // by message ID
	record   Record
}

func newOpenSMTPD(c *Clock) Parser {
	return &opensmtpd{clock: c, sessions: newOrigins(), messages: newOrigins()}
}

// Parse implements Parser.
func (o *opensmtpd) Parse(line []byte, found func(*Record)) Result {
	e, header := split(line)
	if header && !bytes.HasPrefix(e.program(), []byte("smtpd")) {
		return o.clock.foreign(e.head)
	}
	session, text, _ := cut(e.message, " ")
	if len(session) != 16 || !isQueueID(session) {
		return o.other(&e, header)
	}
	switch {
	case bytes.HasPrefix(text, []byte("mta delivery ")):
		return o.delivery(&e, header, text, found)
	case bytes.HasPrefix(text, []byte("smtp connected ")):
		addr, _ := value(text, " address=")
		host, _ := value(text, " host=")
		if string(addr) != "local" {
			addr = append(append(append([]byte(nil), host...), '['), append(bytes.Trim(addr, "[]"), ']')...)
		}
		o.sessions.of(session).setHost(addr)
	case bytes.HasPrefix(text, []byte("smtp message ")):
		if id, ok := value(text, " msgid="); ok {
			from := o.sessions.of(session)
			o.messages.of(id).setHost(from.host[:from.hostSize])
		}
	case bytes.HasPrefix(text, []byte("smtp ")), bytes.HasPrefix(text, []byte("mta ")), bytes.HasPrefix(text, []byte("mda ")):
	default:
		return o.other(&e, header)
	}
	return Other
}

// other says whether a line without a session, such as "info: OpenSMTPD 6.8.0p2 starting", can be one of smtpd -d.
func (o *opensmtpd) other(e *entry, header bool) Result {
	if header {
		return o.clock.foreign(e.head)
	}
	for _, prefix := range []string{"info: ", "warn: ", "debug: ", "smtp-out: ", "smtp-in: "} {
		if bytes.HasPrefix(e.message, []byte(prefix)) {
			return Foreign
		}
	}
	return o.clock.foreign(e.message)
}

func (o *opensmtpd) delivery(e *entry, header bool, text []byte, found func(*Record)) Result {
	r := &o.record
	*r = Record{}
	result, ok := value(text, " result=")
	if !ok {
		return Unknown
	}
	switch string(result) {
	case "Ok":
		r.Outcome = Delivered
	case "TempFail":
		r.Outcome = Deferred
	case "PermFail", "LoopDetected":
		r.Outcome = Bounced
	default:
		return Unknown
	}
	if header {
		if r.Time, _, ok = o.clock.stamp(e.head); !ok {
			return Unknown
		}
	}
	_, to, ok := cut(text, " to=")
	if !ok {
		return Unknown
	}
	addr, _, ok := address(to, ' ')
	if !ok {
		return Unknown
	}
	relay, _ := value(text, " relay=")
	if !r.setRecipient(addr) || (r.Outcome == Delivered && (bytes.HasPrefix(relay, []byte("127.")) || isLoopback(relay))) {
		return Other
	}
	if id, ok := value(text, " evpid="); ok && len(id) >= 8 {
		o.messages.of(id[:8]).tell(r)
	}
	if _, from, ok := cut(text, " from="); ok {
		r.Sender, _, _ = address(from, ' ')
	}
	found(r)
	return Taken
}

// value returns the value behind a key, up to the next blank, without quotes.
func value(b []byte, key string) ([]byte, bool) {
	_, rest, ok := cut(b, key)
	if !ok {
		return nil, false
	}
	if len(rest) > 0 && rest[0] == '"' {
		quoted, _, _ := cut(rest[1:], `"`)
		return quoted, true
	}
	word, _, _ := cut(rest, " ")
	return word, true
}
