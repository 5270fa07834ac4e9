package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	gosmtp "github.com/emersion/go-smtp"
	"golang.org/x/time/rate"
)

// Server is a listener, and the sessions of the clients that have connected to it.
type Server struct {
	listener net.Listener
	config   atomic.Pointer[Config]
	tls      *tls.Config
	smtp     *gosmtp.Server
	pace     *rate.Limiter // of commands
	doorPace *rate.Limiter // of connections
	closing  <-chan struct{}
	close    context.CancelFunc // closes closing
	accepts  sync.WaitGroup     // the goroutine that accepts connections
	active   sync.WaitGroup     // sessions

	mu        sync.Mutex // of what follows
	sessions  map[*transport]struct{}
	perClient map[netip.Prefix]int
}

// Listen binds an address, and serves its clients until Close. The error says which address it is about.
func Listen(address netip.AddrPort, config *Config) (*Server, error) {
	network := "tcp4"
	if address.Addr().Is6() {
		network = "tcp6" // so that :: leaves 0.0.0.0 to others
	}
	listener, err := net.Listen(network, address.String())
	if err != nil {
		return nil, fmt.Errorf("smtp %s: %w", address, err)
	}
	return serve(listener, config)
}

// serve serves the clients of a listener, and closes it if that cannot begin.
func serve(listener net.Listener, config *Config) (*Server, error) {
	s := &Server{
		listener:  listener,
		pace:      newPace(),
		doorPace:  newPace(),
		sessions:  map[*transport]struct{}{},
		perClient: map[netip.Prefix]int{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.closing, s.close = ctx.Done(), cancel
	own, err := selfSigned(config.Hostname)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("smtp %s: %w", listener.Addr(), err), listener.Close())
	}
	s.tls = &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if certificate := s.config.Load().Certificate; certificate != nil {
				return certificate, nil
			}
			return own, nil
		},
	}
	s.smtp = gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &session{transport: c.Conn().(*transport)}, nil
	}))
	s.smtp.MaxLineLength = 0 // the transport has a limit
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = errorLog{s}
	s.Configure(config)
	s.accepts.Go(func() {
		if err := s.smtp.Serve(door{s}); !errors.Is(err, net.ErrClosed) {
			s.failed("accepting connections: %v", err)
		}
	})
	return s, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Configure puts a configuration in force: for new sessions all of it, for those in progress what judges recipients, and
// who is told of them.
func (s *Server) Configure(config *Config) {
	s.config.Store(config)
	s.setPace(config.Limits.Rate)
}

// Close stops listening, ends every session as soon as it waits for its client, and returns when all have ended. Those that
// have not when the context ends are cut off. go-smtp's own ways to end are not used: one waits for idle clients without
// end, the other cuts sessions off without a word.
func (s *Server) Close(ctx context.Context) error {
	err := s.listener.Close()
	s.close()
	s.accepts.Wait()
	s.each((*transport).interrupt)
	ended := make(chan struct{})
	go func() {
		s.active.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		s.each(func(t *transport) { _ = t.raw.Close() })
		<-ended
	}
	return err
}

// each calls use for every session.
func (s *Server) each(use func(*transport)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.sessions {
		use(t)
	}
}

// failed tells the observer of an error.
func (s *Server) failed(format string, args ...any) {
	s.config.Load().Observer.Failed(fmt.Errorf("smtp %s: %w", s.Addr(), fmt.Errorf(format, args...)))
}

// errorLog is where go-smtp writes what it cannot return: that a connection cannot be accepted, or a panic.
type errorLog struct{ *Server }

// Printf implements gosmtp.Logger.
func (l errorLog) Printf(format string, args ...any) { l.failed(format, args...) }

// Println implements gosmtp.Logger.
func (l errorLog) Println(args ...any) { l.failed("%s", fmt.Sprint(args...)) }
