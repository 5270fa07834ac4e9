//go:build e2e

package soak_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

// webServer has a list of suffixes to protect.
type webServer struct {
	*httptest.Server
	answer atomic.Value // of type http.HandlerFunc
}

// startWeb starts a web server, and writes its certificate to a file.
func startWeb(certificate string) (*webServer, error) {
	w := new(webServer)
	w.tell()
	w.Server = httptest.NewTLSServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		w.answer.Load().(http.HandlerFunc)(to, r)
	}))
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Certificate().Raw})
	return w, os.WriteFile(certificate, block, 0o644)
}

// be changes how it answers.
func (w *webServer) be(answer http.HandlerFunc) { w.answer.Store(answer) }

// tell makes it answer with its list.
func (w *webServer) tell() {
	list := listOf("supplier", entries)
	w.be(func(to http.ResponseWriter, _ *http.Request) { _, _ = to.Write([]byte(list)) })
}

// listOf returns a list of suffixes.
func listOf(word string, n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%s%d.example\n", word, i)
	}
	return list.String()
}

// logServer is a syslog server over TCP that reads, and keeps nothing.
type logServer struct {
	address string
	bytes   atomic.Int64

	listener net.Listener
	running  sync.WaitGroup
	mu       sync.Mutex
	open     map[net.Conn]bool // nil while it is stopped
}

// Write implements io.Writer.
func (l *logServer) Write(p []byte) (int, error) {
	l.bytes.Add(int64(len(p)))
	return len(p), nil
}

func (l *logServer) start() (err error) {
	if l.listener, err = net.Listen("tcp", l.address); err != nil {
		return err
	}
	l.mu.Lock()
	l.open = map[net.Conn]bool{}
	l.mu.Unlock()
	l.running.Go(func() {
		for {
			conn, err := l.listener.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() { l.read(conn) })
		}
	})
	return nil
}

// read reads from a connection until that ends, or the server does.
func (l *logServer) read(conn net.Conn) {
	defer conn.Close()
	l.mu.Lock()
	running := l.open != nil
	if running {
		l.open[conn] = true
	}
	l.mu.Unlock()
	if !running { // it was accepted while the server was being stopped
		return
	}
	_, _ = io.Copy(l, conn) // until the end, whatever it is
	l.mu.Lock()
	delete(l.open, conn)
	l.mu.Unlock()
}

// stop closes the port and all connections.
func (l *logServer) stop() error {
	err := l.listener.Close()
	l.mu.Lock()
	for conn := range l.open {
		_ = conn.Close()
	}
	l.open = nil
	l.mu.Unlock()
	l.running.Wait()
	return err
}
