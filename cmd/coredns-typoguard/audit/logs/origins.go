package logs

import (
	"bytes"
	"hash/maphash"
)

// origins remember from whom mail servers took each message, by its queue ID, until the message is delivered. It is a
// table of fixed size: of two messages with the same place the later one is remembered. An origin that was forgotten is
// unknown; it is never another message's, but for a collision of 64 bits.
type origins struct {
	seed  maphash.Seed
	slots []origin
	last  *origin // that was asked for last: a message is often logged in lines one after the other
	id    []byte  // of that message
}

// origin is where a message came from. What is too long for it is cut.
type origin struct {
	id                   uint64
	message              uint64 // hash of its Message-ID; 0 if that is not known
	hostSize, senderSize uint8
	host                 [79]byte
	sender               [95]byte
}

const originSlots = 1 << 14 // 3 MiB

func newOrigins() *origins { return &origins{seed: maphash.MakeSeed()} }

// of returns the place of a message, emptied if it was another's.
func (o *origins) of(id []byte) *origin {
	if o.slots == nil {
		o.slots = make([]origin, originSlots)
	}
	if o.last != nil && bytes.Equal(id, o.id) {
		return o.last
	}
	hash := maphash.Bytes(o.seed, id)
	slot := &o.slots[hash%originSlots]
	if slot.id != hash {
		slot.id, slot.message, slot.hostSize, slot.senderSize = hash, 0, 0, 0
	}
	o.last, o.id = slot, append(o.id[:0], id...)
	return slot
}

func (o *origin) setHost(host []byte)     { o.hostSize = uint8(copy(o.host[:], host)) }
func (o *origin) setSender(sender []byte) { o.senderSize = uint8(copy(o.sender[:], sender)) }

// tell lets a record know where its message came from.
func (o *origin) tell(r *Record) {
	r.Source, r.Sender = o.host[:o.hostSize], o.sender[:o.senderSize]
}
