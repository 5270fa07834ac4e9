package dns_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// message is octets to be sent as a query.
type message struct {
	name string
	wire []byte
}

// withID returns the octets with an ID, if there is room for one.
func (m message) withID(id int) []byte {
	wire := slices.Clone(m.wire)
	if len(wire) >= 2 {
		binary.BigEndian.PutUint16(wire, uint16(id))
	}
	return wire
}

// Bits of the second word of a header.
const (
	response         = 1 << 15
	truncated        = 1 << 9
	recursionDesired = 1 << 8
	reserved         = 1 << 6
)

// opcode returns the bits of the second word of a header for an opcode.
func opcode(code int) uint16 { return uint16(code)<<11 | recursionDesired }

// wire returns a message with an ID to be filled in, the second word of its header, the numbers of its questions,
// answers, authorities and additional records, and whatever follows the header.
func wire(flags uint16, counts [4]uint16, parts ...[]byte) []byte {
	header := binary.BigEndian.AppendUint16([]byte{0, 0}, flags)
	for _, count := range counts {
		header = binary.BigEndian.AppendUint16(header, count)
	}
	return append(header, bytes.Join(parts, nil)...)
}

// one is the counts of a plain query.
var one = [4]uint16{1, 0, 0, 0}

// labels returns a name on the wire.
func labels(texts ...string) []byte {
	var name []byte
	for _, label := range texts {
		name = append(append(name, byte(len(label))), label...)
	}
	return append(name, 0)
}

// asks returns what follows the name in a question.
func asks(qtype, class uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, qtype), class)
}

// option returns an OPT record with a version and options.
func option(version byte, rdlength int, options ...byte) []byte {
	record := []byte{0, 0, byte(dns.TypeOPT), 4, 208, 0, version, 0, 0}
	return append(binary.BigEndian.AppendUint16(record, uint16(rdlength)), options...)
}

// malformedMessages returns messages that are no proper queries, or that no policy is about.
func malformedMessages() []message {
	return slices.Concat(brokenMessages(), foreignMessages(), brokenNames(), strangeNames(), brokenOptions(), randomMessages())
}

// brokenMessages returns messages whose header does not fit what follows.
func brokenMessages() []message {
	army, org := labels("army", "ml"), labels("example", "org")
	mx := asks(dns.TypeMX, dns.ClassINET)
	return []message{
		{"nothing", nil},
		{"one octet", []byte{1}},
		{"half a header", make([]byte, 6)},
		{"all but an octet of a header", make([]byte, 11)},
		{"header of zeros", make([]byte, 12)},
		{"no question", wire(recursionDesired, [4]uint16{})},
		{"question that is not counted", wire(recursionDesired, [4]uint16{}, army, mx)},
		{"question that is missing", wire(recursionDesired, one)},
		{"name without type", wire(recursionDesired, one, army)},
		{"name with half a type", wire(recursionDesired, one, army, mx[:1])},
		{"name without class", wire(recursionDesired, one, army, mx[:2])},
		{"two questions", wire(recursionDesired, [4]uint16{2}, army, mx, org, mx)},
		{"the same question twice", wire(recursionDesired, [4]uint16{2}, army, mx, army, mx)},
		{"second question missing", wire(recursionDesired, [4]uint16{2}, army, mx)},
		{"65535 questions", wire(recursionDesired, [4]uint16{65535}, army, mx)},
		{"answer that is missing", wire(recursionDesired, [4]uint16{1, 1}, org, mx)},
		{"two answers", wire(recursionDesired, [4]uint16{1, 2}, army, mx)},
		{"authority that is missing", wire(recursionDesired, [4]uint16{1, 0, 1}, org, mx)},
		{"additional record that is missing", wire(recursionDesired, [4]uint16{1, 0, 0, 1}, org, mx)},
		{"three additional records", wire(recursionDesired, [4]uint16{1, 0, 0, 3}, army, mx)},
		{"octets after the end", wire(recursionDesired, one, org, mx, []byte("more"))},
		{"response", wire(response|recursionDesired, one, army, mx)},
		{"truncated", wire(truncated|recursionDesired, one, org, mx)},
		{"reserved bit", wire(reserved|recursionDesired, one, org, mx)},
		{"rcode", wire(recursionDesired|5, one, org, mx)},
	}
}

// foreignMessages returns messages about a lookalike that are no queries of class IN, and queries for types that are none.
func foreignMessages() []message {
	army, org := labels("army", "ml"), labels("example", "org")
	mx := asks(dns.TypeMX, dns.ClassINET)
	var messages []message
	for _, code := range []int{dns.OpcodeIQuery, dns.OpcodeStatus, 3, dns.OpcodeNotify, dns.OpcodeUpdate, 6, 15} {
		name := army
		if code == dns.OpcodeNotify { // which is refused for a lookalike
			name = org
		}
		messages = append(messages, message{fmt.Sprintf("opcode %d", code), wire(opcode(code), one, name, mx)})
	}
	for _, class := range []uint16{0, dns.ClassCSNET, dns.ClassCHAOS, dns.ClassHESIOD, dns.ClassNONE, dns.ClassANY, 65535} {
		name := army
		if class == dns.ClassANY { // which is hidden for a lookalike
			name = org
		}
		messages = append(messages, message{fmt.Sprintf("class %d", class), wire(recursionDesired, one, name, asks(dns.TypeMX, class))})
	}
	for _, qtype := range []uint16{dns.TypeNone, dns.TypeOPT, dns.TypeTSIG, dns.TypeIXFR, dns.TypeAXFR, dns.TypeReserved} {
		messages = append(messages, message{fmt.Sprintf("type %d", qtype), wire(recursionDesired, one, org, asks(qtype, dns.ClassINET))})
	}
	return messages
}

// brokenNames returns queries for names that cannot be read.
func brokenNames() []message {
	mx := asks(dns.TypeMX, dns.ClassINET)
	names := []message{
		{"label that ends early", []byte("\x04arm")},
		{"name without root", []byte("\x04army\x02ml")},
		{"pointer to itself", []byte{0xc0, 12}},
		{"pointers to one another", []byte{0xc0, 14, 0xc0, 12}},
		{"pointer back into the same name", []byte("\x04army\xc0\x0c")},
		{"pointer to the header", []byte{0xc0, 0}},
		{"pointer to what follows", []byte{0xc0, 200}},
		{"half a pointer", []byte{0xc0}},
		{"label type 01", append([]byte{0x40 | 4}, "army\x02ml\x00"...)},
		{"label type 10", append([]byte{0x80 | 4}, "army\x02ml\x00"...)},
		{"256 octets", labels(octets(256)...)},
		{"128 labels", labels(slices.Repeat([]string{"a"}, 128)...)},
		{"1000 labels", labels(slices.Repeat([]string{"a"}, 1000)...)},
	}
	for i, name := range names {
		names[i].wire = wire(recursionDesired, one, name.wire, mx)
	}
	return names
}

// strangeNames returns queries for names that can be read, but are no host names.
func strangeNames() []message {
	mx := asks(dns.TypeMX, dns.ClassINET)
	names := []message{
		{"root", labels()},
		{"255 octets", labels(octets(255)...)},
		{"127 labels", labels(slices.Repeat([]string{"a"}, 127)...)},
		{"not UTF-8", labels("\xff\xfe", "example", "org")},
		{"zeros", labels("\x00\x00", "example", "org")},
		{"dots in a label", labels("a.b..c", "example", "org")},
		{"only a dot in a label", labels(".")},
		{"backslashes", labels(`\`, `\065`, `a\.b`)},
		{"spaces and quotes", labels(` "'();@$`, "example", "org")},
		{"broken A-label", labels("xn--", "xn--\xff", "xn--zzzzzzzz", "org")},
	}
	for i, name := range names {
		names[i].wire = wire(recursionDesired, one, name.wire, mx)
	}
	return names
}

// octets returns the labels of a name of so many octets, of which each label but the last two takes 64.
func octets(n int) []string {
	var texts []string
	n-- // the root
	for ; n > 64; n -= 64 {
		texts = append(texts, strings.Repeat("x", 63))
	}
	return append(texts, strings.Repeat("y", n-1))
}

// brokenOptions returns queries with OPT records that are strange, wrong or too many.
func brokenOptions() []message {
	question := append(labels("example", "org"), asks(dns.TypeMX, dns.ClassINET)...)
	extra := func(n uint16) [4]uint16 { return [4]uint16{1, 0, 0, n} }
	named := append(labels("army", "ml"), option(0, 0)[1:]...)
	return []message{
		{"version 1", wire(recursionDesired, extra(1), question, option(1, 0))},
		{"two OPT", wire(recursionDesired, extra(2), question, option(0, 0), option(0, 0))},
		{"OPT of a name", wire(recursionDesired, extra(1), question, named)},
		{"OPT as the answer", wire(recursionDesired, [4]uint16{1, 1}, question, option(0, 0))},
		{"OPT that ends early", wire(recursionDesired, extra(1), question, option(0, 200))},
		{"option that ends early", wire(recursionDesired, extra(1), question, option(0, 4, 0, 10, 0, 8))},
		{"unknown option", wire(recursionDesired, extra(1), question, option(0, 6, 0xfd, 0xe9, 0, 2, 'h', 'i'))},
		{"Extended DNS Error", wire(recursionDesired, extra(1), question, option(0, 6, 0, 15, 0, 2, 0, 15))},
	}
}

// randomMessages returns octets at random, and proper queries with some octets changed. They are the same in every run.
func randomMessages() []message {
	random := rand.New(rand.NewPCG(2023, 7))
	proper := wire(recursionDesired, [4]uint16{1, 0, 0, 1}, labels("www", "example", "org"), asks(dns.TypeMX, dns.ClassINET), option(0, 0))
	var messages []message
	for i := range 50 {
		noise := make([]byte, random.IntN(512))
		for j := range noise {
			noise[j] = byte(random.Uint32())
		}
		changed := slices.Clone(proper)
		for range 1 + random.IntN(3) {
			changed[random.IntN(len(changed))] = byte(random.Uint32())
		}
		messages = append(messages, message{fmt.Sprintf("random octets %d", i), noise}, message{fmt.Sprintf("changed octets %d", i), changed})
	}
	return messages
}
