//go:build e2e

package mail_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// fallbackRelay is a host that gets the mail for which Postfix finds no other. Like a smart host, it has a resolver of its own.
var fallbackRelay = smartHost

// TestFallbackRelay: Postfix hands mail for a lookalike to its fallback relay, as the documentation warns, whatever hides the
// lookalike, but for a sinkhole that answers; and doctor finds the relay in Postfix's configuration.
func TestFallbackRelay(t *testing.T) {
	t.Parallel()
	requireTools(t, nil)
	const always, sometimes = "hands mail for hidden domains to the fallback relay", "when the sinkhole does not answer"
	for _, tt := range []struct {
		configuration
		leaks bool
		found string
	}{
		{nxdomain, true, always},
		{nodata, true, always},
		{nullMX, true, always},
		{sinkhole, false, sometimes},
		{deadSinkhole, true, sometimes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.configuration, newPostfix(bookworm, "smtp_fallback_relay = ["+fallbackRelay.addr+"]\n"))
			w.relay.submit(t, mailTo(armyML))
			if tt.leaks {
				w.waitArrivalAt(t, fallbackRelay, armyML)
			} else {
				w.waitOutcome(t, armyML, explains("5.1.2", armyML, armyMil))
			}
			kit.Eventually(t, "an empty mail queue", func() bool { return w.relay.queued(t) == "" })
			assert.Equal(t, tt.leaks, len(w.internet.received(t, fallbackRelay)) > 0, "mail at the fallback relay")
			assert.Contains(t, w.doctor(t), tt.found)
		})
	}
}

// doctor returns what the command doctor finds about relays on a host with the Corefile of the resolver and the configuration of Postfix.
func (w *world) doctor(t *testing.T) string {
	t.Helper()
	binary, err := kit.Build(t.Context())
	require.NoError(t, err)
	relay, root := w.relay.(*postfix), filepath.Join(w.internet.dir, "host")
	writeFile(t, filepath.Join(root, "etc", "postfix", "main.cf"), kit.ReadFile(t, filepath.Join(relay.etc(), "main.cf")))
	writeFile(t, filepath.Join(root, "etc", "resolv.conf"), "nameserver "+resolverAddr+"\n")
	// It exits with status 1, since there is something to do.
	out, err := relay.jail.ns.command(binary, "doctor", "-json", "-root", root, "-conf", filepath.Join(w.internet.dir, "Corefile")).Output()
	require.Error(t, err)
	var found []string
	for line := range strings.Lines(string(out)) {
		var f struct{ Check, What string }
		require.NoError(t, json.Unmarshal([]byte(line), &f), line)
		if f.Check == "relay" {
			found = append(found, f.What)
		}
	}
	slices.Sort(found)
	return strings.Join(found, "\n")
}
