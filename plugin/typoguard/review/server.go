package review

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"
)

// Bounds, so that whoever can reach the page cannot keep the resolver in the same process from its work.
const (
	maxConnections = 64
	maxHeader      = 16 << 10
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 2 * time.Minute
)

// Server is a page that is being served.
type Server struct {
	config   Config
	listener net.Listener
	http     *http.Server
	stop     context.CancelFunc // of every request
	done     chan struct{}      // closed when nothing is served any more
}

// Listen serves the page, in a goroutine of its own, until Close. The address is bound when it returns; an error is final, and
// the Store is then the caller's still.
func Listen(config Config) (*Server, error) {
	if config.Store == nil {
		return nil, errNoStore
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if err := Check(config); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", config.Address)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{config: config, listener: listener, stop: stop, done: make(chan struct{})}
	s.http = &http.Server{
		Handler:           secure(newHandler(config), config.Host),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(config.Logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	go s.serve()
	return s, nil
}

// serve returns when the server is shut down.
func (s *Server) serve() {
	defer close(s.done)
	limited := netutil.LimitListener(s.listener, maxConnections)
	quiet := slog.New(slog.DiscardHandler) // which else says with every start that TLS is on or off
	err := web.Serve(limited, s.http, &web.FlagConfig{WebConfigFile: &s.config.WebConfig}, quiet)
	if !errors.Is(err, http.ErrServerClosed) {
		s.config.Logger.Error("The review page stopped serving", "err", err)
	}
}

// Addr returns the address that is listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close ends the server, once the requests in flight have been answered or ctx ends, and then closes its Store. It must be
// called only once.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("requests to the review page were interrupted: %w", errors.Join(err, s.http.Close()))
	}
	s.stop()
	<-s.done
	return errors.Join(err, s.config.Store.Close())
}
