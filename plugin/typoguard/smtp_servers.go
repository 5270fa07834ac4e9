package typoguard

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// smtpFarewell is how long the sessions of an SMTP listener have to end when it closes. They end as soon as they wait for
// their clients; only one that does not take its last reply needs that long.
const smtpFarewell = 2 * time.Second

// smtpServers are the SMTP listeners that are open, by the addresses that were configured.
type smtpServers map[netip.AddrPort]*smtp.Server

// listen opens the instance's SMTP listeners, of which it inherits those that are open already: their sessions go on, and
// no client finds them closed. Others that were open are closed before any new one is opened, since one of them may be for
// the same address in another form, as 0.0.0.0 is for 192.0.2.25.
//
// After an error those that are open stay the instance's, to be inherited in their turn.
func (i *instance) listen(inherited smtpServers) error {
	i.servers = smtpServers{}
	for address, server := range inherited {
		if l, ok := i.listeners[address]; ok {
			server.Configure(l.config(i.events))
			i.servers[address] = server
		}
	}
	for address, server := range inherited {
		if _, ok := i.servers[address]; !ok {
			closeServer(server)
		}
	}
	for _, l := range i.sortedListeners() {
		if _, ok := i.servers[l.address]; ok {
			continue
		}
		server, err := smtp.Listen(l.address, l.config(i.events))
		if err != nil {
			return err
		}
		i.servers[l.address] = server
	}
	return nil
}

// sortedListeners returns the listeners in an order that is the same every time.
func (i *instance) sortedListeners() []*listener {
	var all []*listener
	for _, l := range i.listeners {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *listener) int { return a.address.Compare(b.address) })
	return all
}

// hangUp closes all SMTP listeners.
func (i *instance) hangUp() {
	for _, server := range i.servers {
		closeServer(server)
	}
	i.servers = nil
}

func closeServer(server *smtp.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), smtpFarewell)
	defer cancel()
	if err := server.Close(ctx); err != nil {
		log.Errorf("Closing the SMTP listener %s: %v", server.Addr(), err)
	}
}
