package main

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// TestPrepared holds the prepared octets to what the module dns packs.
func TestPrepared(t *testing.T) {
	p, err := prepare()
	require.NoError(t, err)
	r := new(dns.Msg).SetQuestion("army.ml.", dns.TypeMX).SetEdns0(dns.DefaultMsgSize, false)
	query, err := r.Pack()
	require.NoError(t, err)

	m := new(dns.Msg)
	require.NoError(t, m.Unpack(p.appendTo(query)))
	require.Equal(t, answer(r).String(), m.String())
	require.Nil(t, p.appendTo(query[:headerSize+3]), "a query cut short")
}
