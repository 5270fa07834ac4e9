package feed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/miekg/dns"
)

// notices is how often a secondary is told of a new version until it says that it has heard.
const notices = 3

// Secondaries are the servers that are told of a new version (RFC 1996).
type Secondaries struct {
	// Addresses have a host and a port each.
	Addresses []string
	// Source is the address from which they are told; nil is whichever.
	Source net.IP
}

// Notify tells all of them of a new version of a zone, at the same time: one that does not answer delays no other. The error names those that
// have not answered, or refused.
func (s *Secondaries) Notify(ctx context.Context, zone string) error {
	errs := make([]error, len(s.Addresses))
	var all sync.WaitGroup
	for i, address := range s.Addresses {
		all.Go(func() {
			if err := s.notify(ctx, zone, address); err != nil {
				errs[i] = fmt.Errorf("%s: %w", address, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// notify tells one of them.
func (s *Secondaries) notify(ctx context.Context, zone, address string) (err error) {
	for range notices {
		if err = s.tell(ctx, zone, address); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// tell tells one of them once.
func (s *Secondaries) tell(ctx context.Context, zone, address string) error {
	client := &dns.Client{}
	if s.Source != nil {
		client.Dialer = &net.Dialer{LocalAddr: &net.UDPAddr{IP: s.Source}}
	}
	conn, err := client.DialContext(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // nothing else ends the wait for an answer
	defer stop()
	reply, _, err := client.ExchangeWithConnContext(ctx, new(dns.Msg).SetNotify(zone), conn)
	if err != nil {
		return err
	}
	if reply.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("answered %s; expected NOERROR", dns.RcodeToString[reply.Rcode])
	}
	return nil
}
