package typoguard

import (
	"hash/maphash"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/coredns/coredns/core/dnsserver"
)

// block is the policies of one server block: what the Corefile says, and the rules that follow from it and from the
// list files. Queries read the rules and nothing else.
type block struct {
	at      int // its place in the Corefile, from 0
	stanzas []*stanza
	rules   atomic.Pointer[rules]
	events  atomic.Pointer[hub] // nil before the instance starts
	changed chan struct{}       // has room for one: that there are other rules
	buffers sync.Pool           // of *match.Buffer
}

// needsMetadata reports whether any stanza names clients by their metadata.
func (b *block) needsMetadata() bool {
	return slices.ContainsFunc(b.stanzas, func(s *stanza) bool { return len(s.policy.clients.labels) > 0 })
}

// hasFiles reports whether any stanza has a list file.
func (b *block) hasFiles() bool {
	return slices.ContainsFunc(b.stanzas, func(s *stanza) bool { return len(s.files()) > 0 })
}

// loadAll reads the lists of all stanzas and puts the policies in force for the first time.
func (b *block) loadAll() error {
	for _, s := range b.stanzas {
		contents, err := s.readFirst()
		if err != nil {
			return err
		}
		s.setContents(contents)
		s.loaded = digest(contents)
	}
	return b.compile()
}

// load takes over new contents of a stanza's files. On an error everything stays as it was.
func (b *block) load(s *stanza, contents [][]byte) error {
	before := s.contents()
	s.setContents(contents)
	if err := b.compile(); err != nil {
		s.setContents(before)
		return err
	}
	s.loaded = digest(contents)
	s.keep()
	return nil
}

// compile makes rules of what the stanzas hold, and puts them in force.
func (b *block) compile() error {
	r, err := compile(b.stanzas, present())
	if err != nil {
		return err
	}
	b.rules.Store(r)
	select {
	case b.changed <- struct{}{}:
	default: // they know already
	}
	return nil
}

// newCounters returns the counters of every server of the block, with the series of all its policies.
func (b *block) newCounters(servers []string, view string) map[string]*counters {
	all := make(map[string]*counters, len(servers))
	for _, server := range servers {
		c := newCounters(server, view)
		for _, s := range b.stanzas {
			c.begin(&s.policy)
		}
		all[server] = c
	}
	return all
}

// serverAddresses returns the names that CoreDNS gives to the servers of a block with the given keys, once the bind
// plugin has been set up.
func serverAddresses(config *dnsserver.Config, keys []string) []string {
	var servers []string
	for _, key := range keys { // such as dns://example.org.:53
		transport, rest, _ := strings.Cut(key, "://")
		port := rest[strings.LastIndexByte(rest, ':')+1:]
		for _, host := range config.ListenHosts {
			servers = append(servers, transport+"://"+net.JoinHostPort(host, port))
		}
	}
	return servers
}

var digestSeed = maphash.MakeSeed()

// digest returns a value that tells the contents of a stanza's files from any others.
func digest(contents [][]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(digestSeed)
	for _, content := range contents {
		maphash.WriteComparable(&h, len(content))
		_, _ = h.Write(content) // never fails
	}
	return h.Sum64()
}
