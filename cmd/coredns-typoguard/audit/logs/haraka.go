package logs

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
)

// haraka reads the log of Haraka, in syslog or as it prints it, in its formats default, logfmt and json. What becomes of a
// message is known by its domain only:
//
//	[NOTICE] [6E2C….1] [core] recipient <bob@army.ml> code=OK msg="" sender=alice@corp.example
//	[NOTICE] [6E2C….1.1] [outbound]  delivered file=1795300695_… domain=army.ml host=mx.army.ml ip=192.0.2.1 port=25 … rcpts=1/0/0
//	[INFO] [6E2C….1.1] [outbound] bouncing mail: 554 5.7.1 …
//
// where rcpts= has how many were taken, put off and refused. A single recipient that is refused or put off has a line of its
// own before, "recipient <bob@army.ml> rejected: 550 …". Those of a whole message are remembered from when it came in: a
// message has a number behind its ID for each domain, in the order in which these were named first. Not covered: with a level
// of notice or less, Haraka says nothing of a message that is refused or put off as a whole.
type haraka struct {
	*shared
	slots   []harakaMessage
	record  Record
	created []byte // the ID of a message that the server makes itself, a bounce, until its domain is named
}

// harakaMessage is a message that came in, with its recipients, a line each.
type harakaMessage struct {
	key   uint64
	size  uint16
	tried uint32 // which of its domains had a delivery
	rcpts [1000]byte
}

const harakaSlots = 1 << 11 // 2 MiB

// maxRecipients is how many recipients a message of Haraka is believed to have.
const maxRecipients = 10_000

func newHaraka(s *shared) parser { return &haraka{shared: s} }

// claimsHaraka recognises a line by its level.
func claimsHaraka(message []byte) bool {
	if bytes.HasPrefix(message, []byte("level=")) {
		head := message[:min(len(message), 100)]
		return bytes.Contains(head, []byte(" uuid=")) && bytes.Contains(head, []byte(" origin="))
	}
	for _, level := range []string{"[NOTICE] [", "[CRIT] [", "[PROTOCOL] [", "[INFO] [", "[DEBUG] [", "[WARN] [", "[ERROR] [", "[ALERT] ["} {
		if bytes.HasPrefix(message, []byte(level)) {
			_, rest, _ := cut(message, "] [")
			_, rest, ok := cut(rest, "] ")
			return ok && len(rest) > 0 && rest[0] == '['
		}
	}
	return false
}

// harakaParts takes a line apart: the ID of the connection, message or delivery, the part of the server, and the text.
func harakaParts(line []byte) (id, origin, text []byte, ok bool) {
	if bytes.HasPrefix(line, []byte("level=")) {
		id, _ = value(line, " uuid=")
		origin, ok = value(line, " origin=")
		_, text, _ = cut(line, " message=")
		text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte(`"`)), `" `) // an empty one has the fields behind it
		return id, origin, text, ok
	}
	_, rest, _ := cut(line, "] [")
	id, rest, _ = cut(rest, "] [")
	origin, text, ok = cut(rest, "]")
	return id, origin, bytes.TrimLeft(text, " "), ok
}

// readHarakaObject reads a line of Haraka in JSON, as one of its default format.
func (r *Reader) readHarakaObject(values map[string]any, found func(*Record)) Result {
	line := fmt.Appendf(nil, "[%s] [%s] [%s] %s", textOf(values["level"]), textOf(values["uuid"]), textOf(values["origin"]), textOf(values["message"]))
	for _, key := range []string{"delivered file", "ip", "domain", "host", "port", "rcpts", "mid", "code", "sender"} {
		if text := textOf(values[key]); text != "" {
			line = fmt.Appendf(line, " %s=%s", key, text)
		}
	}
	at, how := fieldTime(r.shared.clock, []byte(textOf(values["timestamp"])), false)
	e := &entry{message: line}
	e.stamped(at, how)
	return r.parser(harakaFormat).parse(e, found)
}

// parse implements parser.
func (h *haraka) parse(e *entry, found func(*Record)) Result {
	id, origin, text, ok := harakaParts(e.message)
	switch {
	case ok && string(origin) == "core":
		return h.incoming(e, id, text, found)
	case ok && string(origin) == "outbound":
		return h.outgoing(e, id, text, found)
	}
	return Other
}

// incoming reads what the server says of a message that comes in.
func (h *haraka) incoming(e *entry, id, text []byte, found func(*Record)) Result {
	what, rest := word(text)
	h.created = h.created[:0]
	switch string(what) {
	case "connect":
		ip, _ := value(text, " ip=")
		h.origins.of(id).setHost(ip)
	case "sender":
		connection, _ := lastPart(id)
		from := *h.origins.of(connection)
		o := h.origins.of(id)
		o.setHost(from.host[:from.hostSize])
		if sender, _, ok := harakaAddress(rest); ok {
			o.setSender(sender)
		}
	case "message":
		if mid, ok := value(text, " mid="); ok {
			h.relays.seen(h.origins.of(id), mid)
		}
	case "recipient":
		return h.recipient(e, id, rest, found)
	}
	return Other
}

// recipient reads "<bob@army.ml> code=OK …" of a recipient that was taken, or refused.
func (h *haraka) recipient(e *entry, id, text []byte, found func(*Record)) Result {
	addr, rest, ok := harakaAddress(text)
	if !ok {
		return Unknown
	}
	code, _ := value(rest, " code=")
	outcome := Deferred
	switch string(code) {
	case "OK", "CONT":
		h.message(id).add(addr)
		return Other
	case "DENY", "DENYDISCONNECT":
		outcome = Bounced
	}
	return h.single(e, id, addr, outcome, found)
}

// harakaAddress cuts an address out of a text; in logfmt a quote is behind it.
func harakaAddress(text []byte) (addr, rest []byte, ok bool) {
	if addr, rest, ok = address(text, ' '); !ok {
		addr, rest, ok = address(text, '"')
	}
	return addr, rest, ok
}

// add notes a recipient, if there is room.
func (m *harakaMessage) add(addr []byte) {
	if int(m.size)+len(addr)+1 <= len(m.rcpts) {
		m.size += uint16(copy(m.rcpts[m.size:], addr))
		m.rcpts[m.size] = '\n'
		m.size++
	}
}

// single makes a record of one recipient.
func (h *haraka) single(e *entry, id, addr []byte, outcome Outcome, found func(*Record)) Result {
	r := &h.record
	*r = Record{Time: e.time, Outcome: outcome, ID: id}
	if !r.setRecipient(addr) {
		return Other
	}
	h.origins.of(id).tell(r)
	found(r)
	return Taken
}

// message returns the place of a message, emptied if it was another's.
func (h *haraka) message(id []byte) *harakaMessage {
	if h.slots == nil {
		h.slots = make([]harakaMessage, harakaSlots)
	}
	key := maphash.Bytes(h.origins.seed, id)
	m := &h.slots[key%harakaSlots]
	if m.key != key {
		m.key, m.size, m.tried = key, 0, 0
	}
	return m
}

// outgoing reads what becomes of a message.
func (h *haraka) outgoing(e *entry, id, text []byte, found func(*Record)) Result {
	message, group := lastPart(id)
	switch {
	case bytes.HasPrefix(text, []byte("delivered file=")):
		return h.delivered(e, message, group, text, found)
	case bytes.HasPrefix(text, []byte("recipient ")):
		return h.refused(e, message, text[len("recipient "):], found)
	case bytes.HasPrefix(text, []byte("bouncing mail: ")):
		return h.whole(e, message, group, text[len("bouncing mail: "):], Bounced, found)
	case bytes.HasPrefix(text, []byte("Temp failing ")):
		_, why, _ := cut(text, " seconds: ")
		return h.whole(e, message, group, why, Deferred, found)
	case bytes.HasPrefix(text, []byte("Created transaction: ")):
		created := bytes.TrimRight(text[len("Created transaction: "):], `"`)
		h.created = append(h.created[:0], created[:min(len(created), 64)]...)
	case bytes.HasPrefix(text, []byte("Transaction delivery for domain: ")) && len(h.created) > 0:
		h.message(h.created).add(append([]byte("@"), bytes.TrimRight(text[len("Transaction delivery for domain: "):], `"`)...))
		h.created = h.created[:0]
	}
	return Other
}

// delivered reads a delivery, of which each recipient counts that was taken.
func (h *haraka) delivered(e *entry, message []byte, group int, text []byte, found func(*Record)) Result {
	name, ok := value(text, " domain=")
	rcpts, ok1 := value(text, " rcpts=")
	taken, _, ok2 := leading(rcpts, 6)
	if !ok || !ok1 || !ok2 || len(name) == 0 {
		return Unknown
	}
	host, _ := value(text, " host=")
	ip, _ := value(text, " ip=")
	port, _ := value(text, " port=")
	relay := append(append(append(append(bytes.Clone(host), '['), ip...), "]:"...), port...)
	h.message(message).tried |= 1 << (group & 31)
	origin := h.origins.of(message)
	for range min(taken, maxRecipients) {
		r := &h.record
		*r = Record{Time: e.time, Name: name, Outcome: Delivered, ID: message}
		origin.tell(r)
		h.deliver(r, origin, relay)
		found(r)
	}
	if taken == 0 {
		return Other
	}
	return Taken
}

// refused reads "<bob@army.ml> rejected: 550 …".
func (h *haraka) refused(e *entry, message, text []byte, found func(*Record)) Result {
	addr, rest, ok := address(text, ' ')
	switch {
	case !ok:
		return Unknown
	case bytes.HasPrefix(rest, []byte(" rejected: ")):
		return h.single(e, message, addr, Bounced, found)
	case bytes.HasPrefix(rest, []byte(" deferred: ")):
		return h.single(e, message, addr, Deferred, found)
	}
	return Other
}

// whole reads why a message is refused or put off with all of its recipients in a domain. Those of whom some other line tells
// are left out. Of a message that was delivered in part before, nobody knows which are left, so it counts once.
func (h *haraka) whole(e *entry, message []byte, group int, why []byte, outcome Outcome, found func(*Record)) Result {
	if bytes.HasPrefix(why, []byte("Some recipients ")) {
		return Other
	}
	m := h.message(message)
	var domains [][]byte
	result := Other
	for addr := range bytes.Lines(m.rcpts[:m.size]) {
		addr = bytes.TrimSuffix(addr, []byte("\n"))
		name := addr[bytes.LastIndexByte(addr, '@')+1:]
		n := slices.IndexFunc(domains, func(other []byte) bool { return bytes.EqualFold(other, name) })
		if n < 0 {
			n = len(domains)
			domains = append(domains, name)
		}
		if n+1 != group {
			continue
		}
		result = max(result, h.single(e, message, addr, outcome, found))
		if m.tried&(1<<(group&31)) != 0 {
			break
		}
	}
	if result == Other {
		return h.byReason(e, message, why, outcome, found)
	}
	return result
}

// byReason finds the domain in the reason, if nobody knows the recipients: they came in before the log begins.
func (h *haraka) byReason(e *entry, message, why []byte, outcome Outcome, found func(*Record)) Result {
	for _, form := range [][2]string{{"No Such Domain: ", ""}, {"for domain: ", ""}, {"No MX for ", ""}, {"lookup error for ", ""}, {"Domain ", " sends and receives no email"}} {
		_, name, ok := cut(why, form[0])
		if form[1] != "" && ok {
			name, _, ok = cut(name, form[1])
		}
		if name = bytes.TrimRight(name, `)"`); ok && isName(name) {
			r := &h.record
			*r = Record{Time: e.time, Outcome: outcome, Name: name, ID: message}
			h.origins.of(message).tell(r)
			found(r)
			return Taken
		}
	}
	return Unknown
}

// lastPart cuts the number behind the last point off an ID.
func lastPart(id []byte) ([]byte, int) {
	point := bytes.LastIndexByte(id, '.')
	if point < 0 {
		return id, 0
	}
	n, _ := strconv.Atoi(string(id[point+1:]))
	return id[:point], n
}
