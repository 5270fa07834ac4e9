package logs

import "bytes"

// unbound reads what Unbound logs with log-queries or log-replies, in its own file with either form of time or in syslog:
//
//	[1795305374] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN
//
// With both options a query is logged twice. Replies, which have more fields, count only as long as no query was seen.
type unbound struct {
	hasQueries bool
	record     Record
}

func newUnbound(*shared) parser { return &unbound{} }

// claimsUnbound recognises a message by its thread, "[2461:0] info: ", as in journalctl -o cat.
func claimsUnbound(message []byte) bool {
	thread, text, ok := cut(message[:min(len(message), 40)], "] ")
	_, thread, isNumber := cut(thread, ":")
	return ok && isNumber && message[0] == '[' && digits(thread) == len(thread) &&
		(bytes.HasPrefix(text, []byte("info: ")) || bytes.HasPrefix(text, []byte("query: ")) || bytes.HasPrefix(text, []byte("reply: ")))
}

// parse implements parser.
func (u *unbound) parse(e *entry, found func(*Record)) Result {
	text := e.message
	if len(text) > 0 && text[0] == '[' { // syslog has the thread twice: unbound[2461]: [2461:0] info: …
		_, text, _ = cut(text, "] ")
	}
	level, rest, _ := cut(text, ": ")
	switch string(level) {
	case "info", "query", "reply":
	default:
		return Other
	}
	u.record = Record{Time: e.time}
	return u.question(rest, found)
}

// question reads "CLIENT NAME TYPE CLASS", with more behind it if it is a reply.
func (u *unbound) question(text []byte, found func(*Record)) Result {
	client, rest, _ := cut(text, " ")
	name, rest, _ := cut(rest, " ")
	qtype, rest, _ := cut(rest, " ")
	class, _, isReply := cut(rest, " ")
	if len(class) == 0 || !u.record.setQuestion(name, qtype, client) || !u.record.Client.IsValid() {
		return Other
	}
	u.hasQueries = u.hasQueries || !isReply
	if string(class) != "IN" || (isReply && u.hasQueries) {
		return Other
	}
	found(&u.record)
	return Taken
}
