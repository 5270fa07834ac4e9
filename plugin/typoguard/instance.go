package typoguard

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/coredns/caddy"
	clog "github.com/coredns/coredns/plugin/pkg/log"
)

var log = clog.NewWithPlugin(pluginName)

// instance is all server blocks with policies of one caddy instance, whoever watches their list files, their SMTP listeners,
// and the pages to review their events on.
type instance struct {
	blocks    []*block
	listeners map[netip.AddrPort]*listener
	servers   smtpServers // of the listeners, while it is running

	sinks  map[string]*sinkConfig // of events, by name
	events *hub                   // while it is running

	reviews map[string]*reviewPage // by address
	pages   reviewServers          // of these, while it is running

	loaded time.Time  // when a policy was last put in force
	mu     sync.Mutex // held while lists are looked at; no query takes it
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// running is the instance whose files are watched and whose SMTP listeners are open: a process runs one. Caddy gives no
// callback to a new instance that fails to start after its OnStartup; what it opened would stay for ever, were it not
// closed by the next one to take its place, which is the old one that takes it back.
var running struct {
	sync.Mutex
	*instance
}

type instanceKey struct{}

// instanceOf returns the instance that a controller belongs to. The first call registers its hooks.
func instanceOf(c *caddy.Controller) *instance {
	if i, ok := c.Get(instanceKey{}).(*instance); ok {
		return i
	}
	i := &instance{listeners: map[netip.AddrPort]*listener{}, sinks: map[string]*sinkConfig{}, reviews: map[string]*reviewPage{}}
	c.Set(instanceKey{}, i)
	c.OnStartup(i.take)
	c.OnRestartFailed(i.take)
	c.OnShutdown(i.drop)
	return i
}

// add makes a block, just loaded, part of the instance, which must not be running yet.
func (i *instance) add(b *block) {
	i.blocks = append(i.blocks, b)
	i.loaded = time.Now()
}

// take makes i the running instance, which inherits the SMTP listeners, the sinks and the pages of the one before. It fails if
// one of them cannot be opened. At a reload caddy then has the one before take its place back; at the start nobody is left.
func (i *instance) take() error {
	running.Lock()
	defer running.Unlock()
	before := running.instance
	var servers smtpServers
	var events *hub
	var pages reviewServers
	if before != nil {
		before.close()
		servers, events, pages = before.servers, before.events, before.pages
		before.servers, before.events, before.pages = nil, nil, nil
	}
	running.instance = i
	i.open()
	err := errors.Join(i.hear(events), i.listen(servers), i.serveReviews(pages))
	if err != nil && before == nil {
		i.end()
	}
	return err
}

// drop stops i if it is the running instance.
func (i *instance) drop() error {
	running.Lock()
	defer running.Unlock()
	if running.instance == i {
		i.end()
	}
	return nil
}

// end leaves nothing running of i, which is the running instance.
func (i *instance) end() {
	i.close()
	i.hangUp()
	i.closeReviews()
	i.events.close()
	i.events, running.instance = nil, nil
}

// hear makes the events of all blocks reach the configured sinks, by the hub of the instance before if there is one.
func (i *instance) hear(inherited *hub) error {
	i.events = inherited
	if i.events == nil {
		i.events = newHub()
	}
	err := i.events.configure(i.sinks)
	for _, b := range i.blocks {
		b.events.Store(i.events)
	}
	return err
}
