package logs

// unbound reads what Unbound logs with log-queries or log-replies, in its own file with either form of time or in syslog:
//
//	[1795305374] unbound[2461:0] info: 192.0.2.25 army.ml. MX IN
//
// With both options a query is logged twice. Replies, which have more fields, count only as long as no query was seen.
type unbound struct {
	clock      *Clock
	hasQueries bool
	record     Record
}

func newUnbound(c *Clock) Parser { return &unbound{clock: c} }

// Parse implements Parser.
func (u *unbound) Parse(line []byte, found func(*Record)) Result {
	r := &u.record
	*r = Record{}
	rest, ok := u.time(line)
	if !ok {
		return Unknown
	}
	_, rest, ok = cut(rest, "unbound")
	if !ok {
		return Foreign
	}
	_, rest, ok = cut(rest, "] ")
	if !ok { // syslog has it twice: unbound[2461]: [2461:0] info: …
		return Foreign
	}
	level, rest, _ := cut(rest, ": ")
	switch string(level) {
	case "info", "query", "reply":
	default:
		return Foreign
	}
	return u.question(rest, found)
}

// time reads the time stamp of a line into the record, and returns what follows.
func (u *unbound) time(line []byte) (rest []byte, ok bool) {
	if len(line) == 0 || line[0] != '[' {
		u.record.Time, rest, ok = u.clock.stamp(line)
		return rest, ok
	}
	seconds, rest, _ := cut(line[1:], "] ")
	n, ok := number(seconds)
	u.record.Time = int64(n)
	return rest, ok && len(seconds) > 0 && len(seconds) <= 12
}

// question reads "CLIENT NAME TYPE CLASS", with more behind it if it is a reply.
func (u *unbound) question(text []byte, found func(*Record)) Result {
	client, rest, _ := cut(text, " ")
	name, rest, _ := cut(rest, " ")
	qtype, rest, _ := cut(rest, " ")
	class, _, isReply := cut(rest, " ")
	if len(class) == 0 || !u.record.setQuestion(name, qtype, client) || !u.record.Client.IsValid() {
		return Foreign
	}
	u.hasQueries = u.hasQueries || !isReply
	if string(class) != "IN" || (isReply && u.hasQueries) {
		return Other
	}
	found(&u.record)
	return Taken
}
