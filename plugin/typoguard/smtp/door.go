package smtp

import (
	"net"
	"net/netip"
	"strings"
	"time"
)

// door is the listener that go-smtp accepts connections from: it lets clients in as long as there is room.
type door struct{ *Server }

// type check
var _ net.Listener = door{}

// Close implements net.Listener.
func (d door) Close() error { return d.listener.Close() }

// Accept waits for a client that can be let in, and turns all others away.
func (d door) Accept() (net.Conn, error) {
	for {
		d.sleep(d.delay(d.doorPace, 1))
		conn, err := d.listener.Accept()
		if err != nil {
			return nil, err
		}
		t := newTransport(d.Server, conn)
		if full := d.admit(t); full != "" {
			t.config.Observer.LimitHit(full)
			turnAway(conn, t.config.Hostname)
			continue
		}
		t.config.Observer.SessionStarted()
		return t, nil
	}
}

// turnAway tells a client to come back later. Its first reply fits into the buffers of a new connection, so nothing waits.
func turnAway(conn net.Conn, hostname string) {
	_ = conn.SetWriteDeadline(time.Now().Add(farewell))
	_, _ = conn.Write([]byte("421 4.3.2 " + hostname + " Too many connections, try again later\r\n")) // it may be gone
	_ = conn.Close()
}

// admit counts a session, or says which limit forbids it.
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

// remove forgets a session that has ended.
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

// addressOf returns the address of a connection's other end, or the zero address if it has none.
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

// network returns what counts as one client: an IPv4 address, or an IPv6 network of 64 bits, in which a host has as many
// addresses as it likes.
func network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // the zero address has the zero prefix
	return prefix
}
