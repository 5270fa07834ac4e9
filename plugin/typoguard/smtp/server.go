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

// Server is a listener and the sessions of its clients.
type Server struct {
	listener          net.Listener
	config            atomic.Pointer[Config]
	tls               *tls.Config
	smtp              *gosmtp.Server
	commandLimiter    *rate.Limiter // of commands
	connectionLimiter *rate.Limiter // of connections
	closing           <-chan struct{}
	close             context.CancelFunc // closes closing
	accepts           sync.WaitGroup     // the goroutine that accepts connections
	active            sync.WaitGroup     // sessions

	mu        sync.Mutex // guards the fields below
	sessions  map[*transport]struct{}
	perClient map[netip.Prefix]int
}

// Listen binds an address and serves clients until Close. Errors name the address.
func Listen(address netip.AddrPort, config *Config) (*Server, error) {
	network := "tcp4"
	if address.Addr().Is6() {
		network = "tcp6" // so that :: does not include 0.0.0.0
	}
	listener, err := net.Listen(network, address.String())
	if err != nil {
		return nil, fmt.Errorf("smtp %s: %w", address, err)
	}
	return Serve(listener, config)
}

// Serve serves the clients of a listener until Close, and closes the listener if that fails.
func Serve(listener net.Listener, config *Config) (*Server, error) {
	s := &Server{
		listener:          listener,
		commandLimiter:    newLimiter(),
		connectionLimiter: newLimiter(),
		sessions:          map[*transport]struct{}{},
		perClient:         map[netip.Prefix]int{},
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
		if err := s.smtp.Serve(limitedListener{s}); !errors.Is(err, net.ErrClosed) {
			s.failed("accepting connections: %v", err)
		}
	})
	return s, nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Configure applies a configuration. New sessions use all of it; open sessions use its Judge and its
// Observer for recipients.
func (s *Server) Configure(config *Config) {
	s.config.Store(config)
	s.setRate(config.Limits.Rate)
}

// Close stops listening, ends every session as soon as it waits for its client, and returns when all have ended. It disconnects
// sessions that are still open when the context ends. It does not use go-smtp's own Shutdown and Close, because one waits
// indefinitely for idle clients and the other disconnects clients without a reply.
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

// each calls use with every session.
func (s *Server) each(use func(*transport)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.sessions {
		use(t)
	}
}

// failed reports an error to the observer.
func (s *Server) failed(format string, args ...any) {
	s.config.Load().Observer.Failed(fmt.Errorf("smtp %s: %w", s.Addr(), fmt.Errorf(format, args...)))
}

// errorLog receives errors that go-smtp cannot return: failed accepts and panics.
type errorLog struct{ *Server }

// Printf implements gosmtp.Logger.
func (l errorLog) Printf(format string, args ...any) { l.failed(format, args...) }

// Println implements gosmtp.Logger.
func (l errorLog) Println(args ...any) { l.failed("%s", fmt.Sprint(args...)) }
