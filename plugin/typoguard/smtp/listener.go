package smtp

import (
	"net"
	"net/netip"
	"strings"
	"time"
)

// limitedListener is the listener that go-smtp accepts connections from. It rejects clients beyond the limits.
type limitedListener struct{ *Server }

// type check
var _ net.Listener = limitedListener{}

// Close implements net.Listener.
func (l limitedListener) Close() error { return l.listener.Close() }

// Accept waits for a client within the limits, and rejects all others.
func (l limitedListener) Accept() (net.Conn, error) {
	for {
		l.sleep(l.delay(l.connectionLimiter, 1))
		conn, err := l.listener.Accept()
		if err != nil {
			return nil, err
		}
		t := newTransport(l.Server, conn)
		if full := l.admit(t); full != "" {
			t.config.Observer.LimitHit(full)
			reject(conn, t.config.Hostname)
			continue
		}
		t.config.Observer.SessionStarted()
		return t, nil
	}
}

// reject tells a client to try again later. A first reply fits into the buffers of a new connection, so this does not block.
func reject(conn net.Conn, hostname string) {
	_ = conn.SetWriteDeadline(time.Now().Add(lastReplyTimeout))
	_, _ = conn.Write([]byte("421 4.3.2 " + hostname + " Too many connections, try again later\r\n")) // the client may be gone
	_ = conn.Close()
}

// admit counts a session, or returns the limit that it would exceed.
func (s *Server) admit(t *transport) (full Limit) {
	limits := &t.config.Limits
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.sessions) >= limits.Connections:
		return Connections
	case s.perClient[network(t.client)] >= limits.PerClient:
		return PerClient
	}
	s.sessions[t] = struct{}{}
	s.perClient[network(t.client)]++
	s.active.Add(1)
	return ""
}

// remove stops counting a session that has ended.
func (s *Server) remove(t *transport) {
	defer s.active.Done()
	t.config.Observer.SessionEnded()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, t)
	from := network(t.client)
	if s.perClient[from]--; s.perClient[from] == 0 {
		delete(s.perClient, from)
	}
}

// addressOf returns the remote address of a connection, or the zero address if it has none.
func addressOf(conn net.Conn) netip.Addr {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	host, _, _ = strings.Cut(host, "%")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// network returns what counts as one client: an IPv4 address, or an IPv6 network of 64 bits, because a host can use any address
// in its network.
func network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // the zero address has the zero prefix
	return prefix
}
