package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// feed are options of a policy that give its verdicts to others, as a zone and as a list. secondary is the plugin that a feed needs, with an
// address at which there is no secondary.
const (
	feed      = "feed " + feedZone + " max_rows 2147483647\n        lookalike_zone lookalikes.corp.example"
	feedZone  = "rpz.corp.example."
	secondary = "    transfer " + feedZone + " {\n        to 127.0.0.254\n    }\n"
)

// measureFeeds compares a policy with a feed and a list zone, once the feed is complete, with one that has neither.
func measureFeeds(ctx context.Context, binary string, cpus cpus, files files, s settings) ([]result, error) {
	servers, stop, err := startAll(ctx, binary, cpus.servers,
		usual+policy(files.protected, s.distance, feed)+secondary+resolver, usual+policy(files.protected, s.distance, "")+secondary+resolver)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := servers[0].awaitFeed(ctx); err != nil {
		return nil, err
	}
	return compareAll(ctx, cpus.load, s, []comparison{
		{name: "ordinary names, with a feed and a list", queries: files.ordinary, rcode: "NOERROR", ours: servers[0], theirs: servers[1], required: 0.98},
		{name: "lookalikes, with a feed and a list", queries: files.lookalikes, rcode: "NXDOMAIN", ours: servers[0], theirs: servers[1], required: 0.98},
	})
}

// awaitFeed waits until the server has the feed, which takes a minute for some million rows.
func (s *server) awaitFeed(ctx context.Context) error {
	query := new(dns.Msg).SetQuestion(feedZone, dns.TypeSOA)
	for {
		reply, err := dns.ExchangeContext(ctx, query, net.JoinHostPort("127.0.0.1", s.port))
		if err == nil && len(reply.Answer) > 0 {
			return nil
		}
		if err := s.failure(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the feed: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
