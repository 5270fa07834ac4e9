package dns_test

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	dnstap "github.com/dnstap/golang-dnstap"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// TestDnstap has the verdict in the extra field of dnstap messages, for a SOC that collects those.
func TestDnstap(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "dnstap.sock")
	frames := collectDnstap(t, socket)
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    metadata
    dnstap `+socket+` full {
        extra "{/typoguard/verdict} {/typoguard/intended} {/typoguard/action}"
    }
    typoguard mail {
        protect army.mil
    }
    forward . {$UPSTREAM}
}
`)
	ask(t, s, "us.army.ml.", dns.TypeMX)
	ask(t, s, "example.org.", dns.TypeMX)
	assert.Equal(t, "lookalike us.army.mil nxdomain", extraOf(t, frames, "us.army.ml."))
	assert.Equal(t, "pass - -", extraOf(t, frames, "example.org."))
}

// collectDnstap listens on a socket and returns what is written to it, frame by frame.
func collectDnstap(t *testing.T, socket string) <-chan []byte {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	frames := make(chan []byte, 100)
	go dnstap.NewFrameStreamSockInput(listener).ReadInto(frames)
	return frames
}

// extraOf waits for the response to a client about a name, and returns its extra field.
func extraOf(t *testing.T, frames <-chan []byte, name string) string {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case frame := <-frames:
			tap := new(dnstap.Dnstap)
			require.NoError(t, proto.Unmarshal(frame, tap))
			reply := new(dns.Msg)
			if tap.GetMessage().GetType() != dnstap.Message_CLIENT_RESPONSE || reply.Unpack(tap.GetMessage().GetResponseMessage()) != nil {
				continue
			}
			if len(reply.Question) == 1 && reply.Question[0].Name == name {
				return string(tap.GetExtra())
			}
		case <-timeout:
			require.FailNow(t, "no dnstap message about "+name)
		}
	}
}

// TestTemplate has the verdict in answers that a template makes, behind a policy that monitors.
func TestTemplate(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    metadata
    typoguard mail {
        protect army.mil
        mode monitor
    }
    template IN TXT . {
        answer "{{ .Name }} 60 IN TXT {{ .Meta \"typoguard/verdict\" }} {{ .Meta \"typoguard/intended\" }}"
    }
}
`)
	assert.Equal(t, []string{`army.ml. 60 IN TXT "lookalike" "army.mil"`}, records(ask(t, s, "army.ml.", dns.TypeTXT).Answer))
}
