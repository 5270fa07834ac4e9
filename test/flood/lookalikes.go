package main

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// lookalikesPerSecond is how many lookalikes all the connections ask for together.
const lookalikesPerSecond = 10_000

// floodLookalikes asks for one lookalike after the other, each of another domain, at a fixed rate and without waiting for
// answers. Whether the domains exist that they resemble, nobody says: the server's upstream is silent.
func floodLookalikes(ctx context.Context, target string, count *atomic.Int64) error {
	conn, err := net.Dial("udp", target)
	if err != nil {
		return err
	}
	defer conn.Close()
	ticker := time.NewTicker(time.Second * busy / lookalikesPerSecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		query := new(dns.Msg).SetQuestion(fmt.Sprintf("host%d.ml.", count.Add(1)), dns.TypeMX)
		packed, err := query.Pack()
		if err != nil {
			return err
		}
		if _, err := conn.Write(packed); err != nil {
			return err
		}
	}
}
