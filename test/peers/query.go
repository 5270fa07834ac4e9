package main

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

const (
	typeMX   = 15
	classIN  = 1
	nxdomain = 3
	// answerWithin is how long we wait for an answer. One that is made up, as all that we look for, takes far less.
	answerWithin = 200 * time.Millisecond
)

// hides asks the server at a loopback port for a name, and reports whether the answer is NXDOMAIN. Go's resolver does not
// tell that from an answer without data.
func hides(port, name string) (bool, error) {
	conn, err := net.DialTimeout("udp", net.JoinHostPort("127.0.0.1", port), answerWithin)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return false, err
	}
	query := mxQuery(name)
	if _, err := conn.Write(query); err != nil {
		return false, err
	}
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	switch {
	case err != nil:
		return false, err
	case n < 12 || answer[0] != query[0] || answer[1] != query[1]:
		return false, errors.New("the answer is none to our query")
	}
	return answer[3]&0xf == nxdomain, nil
}

// mxQuery returns a query for a name's MX records with recursion desired (RFC 1035 section 4.1).
func mxQuery(name string) []byte {
	query := binary.BigEndian.AppendUint16(nil, uint16(rand.Uint32()))
	query = append(query, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0) // RD; one question
	for label := range strings.SplitSeq(name, ".") {
		query = append(query, byte(len(label)))
		query = append(query, label...)
	}
	return append(query, 0, 0, typeMX, 0, classIN)
}
