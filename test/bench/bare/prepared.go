package main

import (
	"net"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
)

const (
	// headerSize is the size of a message's header.
	headerSize = 12
	// batch is how many messages are read or written by one system call at most.
	batch = 32
	// maxQuery is the size of the largest query that is read.
	maxQuery = 2048
)

// prepared are the octets of an answer behind the question, to a query with EDNS.
type prepared []byte

// prepare packs them.
func prepare() (prepared, error) {
	m := answer(new(dns.Msg).SetQuestion(".", dns.TypeMX).SetEdns0(dns.DefaultMsgSize, false))
	octets, err := m.Pack()
	if err != nil {
		return nil, err
	}
	const question, owner = 5, 1 // the root's, and the name of the SOA record, for which a pointer stands to that of the question
	return append(prepared{0xc0, headerSize}, octets[headerSize+question+owner:]...), nil
}

// appendTo turns a query, of which the buffer has room for more, into its answer.
func (p prepared) appendTo(query []byte) []byte {
	end := headerSize
	for end < len(query) && query[end] != 0 {
		end += 1 + int(query[end])
	}
	end += 5
	if end > len(query) {
		return nil
	}
	query = query[:end]
	query[2] |= 0x80                      // a response
	query[3] = 0x80 | dns.RcodeNameError  // recursion available
	copy(query[6:12], []byte{5: 1, 3: 1}) // no answer, a record of authority, and one of EDNS
	return append(query, p...)
}

// loop answers each query by a system call.
func (p prepared) loop(conn *net.UDPConn) error {
	buffer := make([]byte, maxQuery)
	for {
		n, client, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return err
		}
		if _, err := conn.WriteToUDPAddrPort(p.appendTo(buffer[:n]), client); err != nil {
			return err
		}
	}
}

// batches answers all queries that wait by a system call.
func (p prepared) batches(conn *net.UDPConn) error {
	packets := ipv4.NewPacketConn(conn)
	queries, answers := make([]ipv4.Message, batch), make([]ipv4.Message, batch)
	for i := range queries {
		queries[i].Buffers = [][]byte{make([]byte, maxQuery)}
	}
	for {
		n, err := packets.ReadBatch(queries, 0)
		if err != nil {
			return err
		}
		for i, q := range queries[:n] {
			answers[i] = ipv4.Message{Buffers: [][]byte{p.appendTo(q.Buffers[0][:q.N])}, Addr: q.Addr}
		}
		for written := 0; written < n; {
			w, err := packets.WriteBatch(answers[written:n], 0)
			if err != nil {
				return err
			}
			written += w
		}
	}
}
