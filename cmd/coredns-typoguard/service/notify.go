package service

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/miekg/dns"
)

const (
	// readyTimeout is how long the server has to answer itself before it is taken to be ready nevertheless: it may answer only some
	// clients.
	readyTimeout = 10 * time.Second
	// askTimeout is how long it may take to answer.
	askTimeout = 2 * time.Second
)

// Announce tells systemd when the server is ready, and after that, if systemd wants to know, that it is alive: see sd_notify(3). It does
// nothing without systemd.
func Announce() {
	caddy.RegisterEventHook("typoguard-service", func(event caddy.EventName, _ any) error {
		if event == caddy.InstanceStartupEvent && os.Getenv("NOTIFY_SOCKET") != "" {
			go announce()
		}
		return nil
	})
}

// announce reports readiness, and then heartbeats. Its owner is the process.
func announce() {
	answers := false
	for end := time.Now().Add(readyTimeout); !answers && time.Now().Before(end); {
		if answers = ask() == nil; !answers {
			<-time.After(100 * time.Millisecond)
		}
	}
	_ = notify("READY=1")
	interval, ok := watchdog()
	if !ok {
		return
	}
	for range time.Tick(interval) {
		if !answers || ask() == nil {
			_ = notify("WATCHDOG=1")
		}
	}
}

// watchdog returns how often systemd wants a heartbeat, and false if it wants none.
func watchdog() (time.Duration, bool) {
	microseconds, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || microseconds <= 0 {
		return 0, false
	}
	return time.Duration(microseconds) * time.Microsecond / 3, true
}

// errSilent is returned if no server of the process answers plain DNS.
var errSilent = errors.New("no DNS server answers")

// ask asks the server over UDP. CoreDNS itself answers that it does not know the version of EDNS: no plugin sees the query, and no
// upstream.
func ask() error {
	probe := new(dns.Msg).SetQuestion("alive.invalid.", dns.TypeTXT).SetEdns0(dns.DefaultMsgSize, false)
	probe.IsEdns0().SetVersion(1)
	client := dns.Client{Timeout: askTimeout}
	for _, instance := range caddy.Instances() {
		for _, server := range instance.Servers() {
			address, ok := localAddress(server)
			if !ok {
				continue
			}
			if _, _, err := client.Exchange(probe, address); err == nil {
				return nil
			}
		}
	}
	return errSilent
}

// localAddress returns the address at which this host reaches a server over UDP, and false if the server has none.
func localAddress(server caddy.ServerListener) (address string, ok bool) {
	defer func() { _ = recover() }() // caddy's method assumes that there is one
	bound, ok := server.LocalAddr().(*net.UDPAddr)
	if !ok {
		return "", false
	}
	host := bound.IP
	switch {
	case host.IsUnspecified() && host.To4() != nil:
		host = net.IPv4(127, 0, 0, 1)
	case host.IsUnspecified():
		host = net.IPv6loopback
	}
	return net.JoinHostPort(host.String(), strconv.Itoa(bound.Port)), true
}

// notify sends a message to systemd, if it started the process.
func notify(message string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if strings.HasPrefix(path, "@") { // an abstract socket
		path = "\x00" + path[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte(message))
	return errors.Join(err, conn.Close())
}
