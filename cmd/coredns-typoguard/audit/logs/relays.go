package logs

import (
	"bytes"
	"hash/maphash"
	"net/netip"
	"slices"
)

// Relay is a server that messages were handed to, which is not the recipient's: one on the same host, such as a content
// filter or a tunnel, or a smart host in the own network or on a port for submission.
type Relay struct {
	Name string `json:"relay"`
	// Local says that it is on the same host.
	Local bool `json:"local"`
	// Handed is how many deliveries it took, and Again how many of these were of messages that are seen again in the log,
	// with another queue ID.
	Handed int64 `json:"handed"`
	Again  int64 `json:"seen_again"`
}

// maxRelays is how many relays are told apart; the others are one.
const maxRelays = 32

// relays count what was handed to them. A message that comes back has the Message-ID it had, by which it is known again; of
// two messages with the same place in the table the later one is remembered.
type relays struct {
	origins *origins
	slots   []passage
	all     []Relay
}

// passage is a message that may be seen again.
type passage struct {
	message uint64 // hash of its Message-ID
	id      uint64 // of its first queue ID
	again   bool   // it had another one
	relay   uint8  // that took it
	pending uint32 // deliveries to this relay since, not seen again
}

const passageSlots = 1 << 14

func newRelays(o *origins) *relays { return &relays{origins: o} }

// seen notes the Message-ID of a message in a queue.
func (r *relays) seen(o *origin, messageID []byte) {
	messageID = bytes.Trim(messageID, "<> ")
	if len(messageID) == 0 {
		return
	}
	o.message = maphash.Bytes(r.origins.seed, messageID)
	slot := r.slot(o.message)
	switch {
	case slot.message != o.message:
		*slot = passage{message: o.message, id: o.id}
	case slot.id != o.id:
		slot.again = true
		if slot.pending > 0 {
			r.all[slot.relay].Again += int64(slot.pending)
			slot.pending = 0
		}
	}
}

// handed notes a delivery to a relay.
func (r *relays) handed(o *origin, name []byte, local bool) {
	n := r.of(name, local)
	r.all[n].Handed++
	if o == nil || o.message == 0 {
		return
	}
	slot := r.slot(o.message)
	if slot.message != o.message {
		*slot = passage{message: o.message, id: o.id}
	}
	if slot.again {
		r.all[n].Again++
		return
	}
	if slot.relay != n {
		slot.pending = 0
	}
	slot.relay = n
	slot.pending++
}

func (r *relays) slot(message uint64) *passage {
	if r.slots == nil {
		r.slots = make([]passage, passageSlots)
	}
	return &r.slots[message%passageSlots]
}

// of returns the number of a relay.
func (r *relays) of(name []byte, local bool) uint8 {
	const longest = 120
	name = name[:min(len(name), longest)]
	for i := range r.all {
		if r.all[i].Name == string(name) {
			return uint8(i)
		}
	}
	if len(r.all) == maxRelays {
		return maxRelays - 1
	}
	if len(r.all) == maxRelays-1 {
		name = []byte("others")
	}
	r.all = append(r.all, Relay{Name: string(name), Local: local})
	return uint8(len(r.all) - 1)
}

// Relays returns the relays that messages were handed to, those that took most first.
func (r *Reader) Relays() []Relay {
	all := slices.Clone(r.shared.relays.all)
	slices.SortStableFunc(all, func(a, b Relay) int { return int(b.Handed - a.Handed) })
	return all
}

// place says where a relay is, such as mx.army.ml[192.0.2.1]:25.
type place uint8

const (
	foreign  place = iota // the recipient's server, as far as one can tell
	smart                 // in the own network, or reached by a port for submission
	loopback              // on this host
)

// placeOf takes a relay's address and port apart: "host[address]:port", or "address (host)".
func placeOf(relay []byte) place {
	addr, port, ok := inBrackets(relay)
	if !ok {
		addr, _ = word(relay)
	}
	if len(addr) == 0 {
		return foreign
	}
	if mayBeOwn(addr) {
		ip, err := netip.ParseAddr(string(bytes.TrimPrefix(addr, []byte("IPv6:"))))
		ip = ip.Unmap()
		switch {
		case err == nil && ip.IsLoopback():
			return loopback
		case err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast()):
			return smart
		}
	}
	switch string(bytes.TrimPrefix(port, []byte(":"))) {
	case "587", "465", "2525":
		return smart
	}
	return foreign
}

// mayBeOwn reports whether an address begins as one of the own network or host does; it spares most from being parsed.
func mayBeOwn(addr []byte) bool {
	for _, prefix := range []string{"10.", "127.", "172.", "192.168.", "169.254.", ":", "f", "F", "IPv6:"} {
		if bytes.HasPrefix(addr, []byte(prefix)) {
			return true
		}
	}
	return false
}

// inBrackets returns the address in brackets, and what follows.
func inBrackets(relay []byte) (addr, port []byte, ok bool) {
	_, inside, ok := cut(relay, "[")
	addr, port, _ = cut(inside, "]")
	return addr, port, ok
}

// deliver notes where a message was delivered to. A delivery to this host is none yet.
func (s *shared) deliver(record *Record, o *origin, relay []byte) {
	switch placeOf(relay) {
	case loopback:
		record.Outcome = Relayed
		s.relays.handed(o, relay, true)
	case smart:
		if !isOwn(relay, record.Name) {
			s.relays.handed(o, relay, false)
		}
	case foreign:
	}
}

// isOwn reports whether a relay is the recipient's, by the last two labels of both names.
func isOwn(relay, domain []byte) bool {
	host, _, ok := cut(relay, "[")
	if _, rest, inside := cut(relay, " ("); !ok && inside {
		host = bytes.TrimSuffix(rest, []byte(")"))
	}
	last := lastLabels(domain)
	return len(last) > 0 && bytes.EqualFold(lastLabels(host), last)
}

// lastLabels returns the last two labels of a name.
func lastLabels(name []byte) []byte {
	name = bytes.TrimSuffix(name, []byte("."))
	if last := bytes.LastIndexByte(name, '.'); last >= 0 {
		return name[bytes.LastIndexByte(name[:last], '.')+1:]
	}
	return nil
}
