package review

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/inherit"
)

// Limits, so that clients of the page cannot starve the resolver in the same process.
const (
	maxConnections = 64
	maxHeader      = 16 << 10
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 2 * time.Minute
)

// Server serves the page.
type Server struct {
	config   historyconfig.Page
	store    *history.Store
	site     *site
	listener net.Listener
	http     *http.Server
	stop     context.CancelFunc // of every request
	done     chan struct{}      // closed when serving has ended
}

// Listen binds the address, and serves the events of a store in a goroutine until Close, which closes the store. If Listen
// returns an error, the caller still owns the store.
func Listen(config historyconfig.Page, store *history.Store) (*Server, error) {
	if store == nil {
		return nil, errNoStore
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if err := Check(config); err != nil {
		return nil, err
	}
	guard, err := newGuard(config)
	if err != nil {
		return nil, err
	}
	site, err := newSite(config, store)
	if err != nil {
		return nil, err
	}
	listener, err := bind(config.Address)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{config: config, store: store, site: site, listener: listener, stop: stop, done: make(chan struct{})}
	s.http = &http.Server{
		Handler:           secure(guard.handler(routes(site)), config.Host),
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

// bind binds an address, unless systemd has opened it.
func bind(address string) (net.Listener, error) {
	if parsed, err := netip.ParseAddrPort(address); err == nil {
		listener, err := inherit.Listener(parsed)
		if err != nil || listener != nil {
			return listener, err
		}
	}
	return net.Listen("tcp", address)
}

// serve returns when the server is shut down.
func (s *Server) serve() {
	defer close(s.done)
	limited := netutil.LimitListener(s.listener, maxConnections)
	quiet := slog.New(slog.DiscardHandler) // because it would log at every start whether TLS is on
	err := web.Serve(limited, s.http, &web.FlagConfig{WebConfigFile: &s.config.WebConfig}, quiet)
	if !errors.Is(err, http.ErrServerClosed) {
		s.config.Logger.Error("The review page stopped serving", "err", err)
	}
}

// Addr returns the listen address.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close stops the server once all requests in flight are answered or ctx ends, and then closes its store. It must be called only
// once.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("requests to the review page were interrupted: %w", errors.Join(err, s.http.Close()))
	}
	s.stop()
	<-s.done
	s.site.close()
	return errors.Join(err, s.store.Close())
}
