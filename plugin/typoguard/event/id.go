package event

import (
	"encoding/base32"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"strings"
	"time"
)

// Window is how long repeats are folded into one event: long enough for all lookups of one delivery attempt, and for the
// quick first retries; the later ones of a mail server are events of their own.
const Window = 5 * time.Minute

// idLength is how many characters of base32 an id has: 50 bits, so that of a million events no two are likely to share one.
const idLength = 10

var idEncoding = base32.NewEncoding(strings.ToLower("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")).WithPadding(base32.NoPadding)

// seed makes ids secret: who knows a client and a name cannot tell the id, nor from an id the client.
var seed = maphash.MakeSeed()

// ID returns the id of the event of a client that asks for a name now, the same one for every type and for all of a
// window. It depends on nothing else, so that the query path knows it without asking anybody. Windows of different clients,
// names and policies begin at different moments, so that they do not all end at once.
func ID(client netip.Addr, name, policy string, now time.Time) string {
	var h maphash.Hash
	h.SetSeed(seed)
	address := client.As16()
	_, _ = h.Write(address[:]) // never fails
	_, _ = h.WriteString(name)
	_ = h.WriteByte(0) // in no name
	_, _ = h.WriteString(policy)
	what := h.Sum64()

	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], what)
	phase := int64(what % uint64(Window))
	binary.BigEndian.PutUint64(b[8:], uint64((now.UnixNano()+phase)/int64(Window)))
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], maphash.Bytes(seed, b[:]))
	var text [13]byte
	idEncoding.Encode(text[:], sum[:])
	return string(text[:idLength])
}
