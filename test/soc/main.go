// Command soc shows what a security operations centre sees of typoguard: the binary, a real Prometheus with the rules of
// deploy/prometheus, a real rsyslog, and mail servers that deliver to domains of which some are mistyped.
//
//	go run ./test/soc [-for DURATION]
//
// Everything stays on loopback, and stops after a minute or with Ctrl-C. Prometheus and rsyslog are Debian's: make soc
// installs them. The tests in this directory, with the build tag e2e, use the same servers.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

func main() {
	duration := flag.Duration("for", time.Minute, "`duration` of the show")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	if err := show(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soc:", err)
		stop()
		os.Exit(1)
	}
}

// show runs everything until the context ends. Nothing that it starts or writes outlives it.
func show(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "typoguard-soc-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := startSite(ctx, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Printf("resolver    dig @127.0.0.1 -p %s army.ml MX\nsinkhole    %s (SMTP)\nmetrics     http://%s/metrics\nPrometheus  http://%s/alerts\nevents      %s\nsyslog      %s\n\n",
		s.resolver.dns[strings.LastIndexByte(s.resolver.dns, ':')+1:], s.resolver.smtp, s.resolver.metrics, s.prometheus.address, s.resolver.events, s.rsyslog.file)
	delivered := make(chan error, 1)
	go func() {
		lookups, err := newMailers(s.resolver, 20, 5*time.Millisecond).run(ctx)
		fmt.Printf("\n%d lookups\n", lookups)
		delivered <- err
	}()
	watch(ctx, s)
	return <-delivered
}

// watch prints what arrives at the syslog server, and alerts when they begin to fire, until the context ends.
func watch(ctx context.Context, s *site) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	printed, firing := 0, map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		printed += printEvents(s.rsyslog.file, printed)
		alerts, _ := s.prometheus.alerts(ctx) // it may be busy; the next try is soon
		for _, a := range alerts {
			if a.State == "firing" && !firing[a.Annotations["summary"]] {
				firing[a.Annotations["summary"]] = true
				fmt.Printf("ALERT %s (%s): %s\n", a.Labels["alertname"], a.Labels["severity"], a.Annotations["summary"])
			}
		}
	}
}

// printEvents prints what each event in a file says, beginning somewhere, and returns how many octets these are.
func printEvents(file string, from int) int {
	content, _ := os.ReadFile(file) // there may be none yet
	content = content[min(from, len(content)):]
	end := bytes.LastIndexByte(content, '\n') + 1
	for line := range bytes.Lines(content[:end]) {
		header, event, _ := bytes.Cut(line, []byte(" {"))
		var e struct{ Message string }
		if err := json.Unmarshal(append([]byte("{"), event...), &e); err != nil {
			fmt.Printf("%s: %v\n", line, err)
			continue
		}
		fmt.Printf("%s: %s\n", header, e.Message)
	}
	return end
}

// site is all servers.
type site struct {
	resolver   *resolver
	prometheus *prometheus
	rsyslog    *rsyslog
}

// startSite builds the binary and starts all servers.
func startSite(ctx context.Context, dir string) (*site, error) {
	binary, err := kit.Build(ctx)
	if err != nil {
		return nil, err
	}
	top, err := kit.Root()
	if err != nil {
		return nil, err
	}
	var address string
	if err := kit.FreeAddresses(&address); err != nil {
		return nil, err
	}
	s := new(site)
	if s.rsyslog, err = startRsyslog(ctx, dir, address); err != nil {
		return nil, err
	}
	with := settings{binary: binary, dir: dir, events: filepath.Join(dir, "events.json"), syslog: address}
	if s.resolver, err = startResolver(ctx, with); err != nil {
		s.stop()
		return nil, err
	}
	if s.prometheus, err = startPrometheus(ctx, dir, filepath.Join(top, "deploy", "prometheus", "rules.yml"), s.resolver.metrics); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// stop ends all servers that run.
func (s *site) stop() {
	if s.prometheus != nil {
		s.prometheus.End(syscall.SIGTERM)
	}
	if s.resolver != nil {
		s.resolver.End(syscall.SIGTERM)
	}
	s.rsyslog.End(syscall.SIGTERM)
}
