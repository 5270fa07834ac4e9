package event

import (
	"encoding/base32"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"strings"
	"time"
)

// Window is how long repeats are folded into one event: long enough for all lookups of one delivery attempt, for the delivery to a sinkhole
// that follows, and for the quick first retries. A mail server's later retries are separate events.
const Window = 5 * time.Minute

// idLength is the length of an id in base32 characters: 50 bits, so that no two of a million events are likely to share one.
const idLength = 10

var idEncoding = base32.NewEncoding(strings.ToLower("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")).WithPadding(base32.NoPadding)

// seed makes ids unpredictable: nobody can derive an id from a client and a name, or a client from an id. Windows are counted from begun,
// because the time since then is right even if the clock is set back: no id comes twice.
var (
	seed  = maphash.MakeSeed()
	begun = time.Now()
)

// ID returns the id of an event without a memory (Incidents): the same for all queries of a client for a name, of any type, within a window.
// It depends on nothing else. Windows of different clients, names and policies start at different times, so that they do not all end at once.
func ID(client netip.Addr, name, policy string, now time.Time) string {
	return windowID(keyOf(client, name, policy), now)
}

// keyOf returns a number for a client, a name and a policy, which no others are likely to have. It is never 0.
func keyOf(client netip.Addr, name, policy string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	address := client.As16()
	_, _ = h.Write(address[:]) // never fails
	_, _ = h.WriteString(name)
	_ = h.WriteByte(0) // in no name
	_, _ = h.WriteString(policy)
	return max(h.Sum64(), 1)
}

// windowID returns the id for a key in the window that it is now.
func windowID(key uint64, now time.Time) string {
	return idOf(key, windowOf(key, now.Sub(begun)))
}

// windowOf returns the number of the window of a key at a time since begun.
func windowOf(key uint64, at time.Duration) uint64 {
	phase := time.Duration(key % uint64(Window))
	return uint64((at + phase) / Window)
}

// remembered is set in the beginning of a remembered incident, which is thus never the number of a window.
const remembered = 1 << 63

// idOf returns the id for a key and a number that tells its incidents apart.
func idOf(key, number uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], key)
	binary.BigEndian.PutUint64(b[8:], number)
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], maphash.Bytes(seed, b[:]))
	var text [13]byte
	idEncoding.Encode(text[:], sum[:])
	return string(text[:idLength])
}
