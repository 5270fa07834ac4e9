package health

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

// check runs the command, and returns its exit status and what it printed.
func check(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var errs bytes.Buffer
	root := &cli.Command{
		Name: "coredns-typoguard", Commands: []*cli.Command{Command()}, ErrWriter: &errs,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
	err := root.Run(t.Context(), append([]string{"coredns-typoguard", "health"}, args...))
	var status cli.ExitCoder
	switch {
	case err == nil:
		return 0, errs.String()
	case errors.As(err, &status):
		return status.ExitCode(), errs.String()
	}
	return 2, err.Error()
}

func TestServer(t *testing.T) {
	caddytest.UseDirectives(t)
	instance, stop := caddytest.Start(t, caddytest.Corefile(""))
	defer stop(instance)
	status, output := check(t, instance.Servers()[0].LocalAddr().String())
	assert.Zero(t, status, output)
	assert.Empty(t, output)
}

func TestNobody(t *testing.T) {
	status, output := check(t, "-timeout", "2s", kit.FreeAddress(t))
	assert.Equal(t, 1, status)
	assert.NotEmpty(t, output)
}

// TestStranger: another DNS server at the address is not the one that was asked about.
func TestStranger(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		assert.NoError(t, w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeRefused)))
	})}
	go func() { assert.NoError(t, server.ActivateAndServe()) }()
	<-started
	defer func() { require.NoError(t, server.Shutdown()) }()
	address := conn.LocalAddr().String()
	status, output := check(t, address)
	assert.Equal(t, 1, status)
	assert.Equal(t, address+": REFUSED; expected BADVERS, as CoreDNS answers\n", output)
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"host name":     {[]string{"localhost"}, `address "localhost"; expected one such as 192.0.2.53 or [2001:db8::53]:53`},
		"two addresses": {[]string{"127.0.0.1", "::1"}, "2 arguments; expected one address at most"},
	} {
		t.Run(name, func(t *testing.T) {
			status, output := check(t, test.args...)
			assert.Equal(t, 2, status)
			assert.Equal(t, test.want, output)
		})
	}
}
