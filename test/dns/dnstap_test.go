package dns_test

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	dnstap "github.com/dnstap/golang-dnstap"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
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

// TestDnstapPolicy has one more message for each query that a policy answers, or would have, with the policy and the client,
// masked. What is no lookalike has none.
func TestDnstapPolicy(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "dnstap.sock")
	frames := collectDnstap(t, socket)
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    metadata
    dnstap `+socket+` full {
        extra "{/typoguard/id}"
    }
    typoguard mail {
        protect army.mil
        dnstap on
        client_mask 8 0
    }
    typoguard null {
        protect navy.mil
        dnstap on
        action nullmx
    }
    typoguard trial {
        protect army.nl
        dnstap on
        mode monitor
    }
    forward . {$UPSTREAM}
}
`)
	for _, tt := range []struct {
		name, rule      string
		messageType     dnstap.Message_Type
		client          net.IP
		action, answers int
	}{
		{"US.army.ml.", "mail army.mil", dnstap.Message_CLIENT_RESPONSE, net.IPv4(127, 0, 0, 0), 1, 0},
		{"navy.ml.", "null navy.mil", dnstap.Message_CLIENT_RESPONSE, net.IPv4(127, 0, 0, 1), 6, 1},
		{"amry.nl.", "trial army.nl", dnstap.Message_CLIENT_QUERY, net.IPv4(127, 0, 0, 1), 3, 0},
	} {
		ask(t, s, "example.org.", dns.TypeMX)
		asked := ask(t, s, tt.name, dns.TypeMX)
		tap, policy := policyOf(t, frames)
		m := tap.GetMessage()
		assert.Equal(t, map[protowire.Number]any{1: "typoguard", 2: tt.rule, 3: tt.action, 4: 1, 5: strings.ToLower(strings.TrimSuffix(tt.name, "."))}, policy)
		assert.Equal(t, tt.messageType, m.GetType())
		assert.True(t, tt.client.Equal(m.GetQueryAddress()), "%v", m.GetQueryAddress())
		assert.WithinDuration(t, time.Now(), time.Unix(int64(m.GetQueryTimeSec()), 0), time.Minute)
		assert.Regexp(t, "^[a-z2-7]{10}$", string(tap.GetExtra()))
		if tt.messageType == dnstap.Message_CLIENT_RESPONSE {
			reply := new(dns.Msg)
			require.NoError(t, reply.Unpack(m.GetResponseMessage()))
			assert.Equal(t, asked.Question, reply.Question)
			assert.Len(t, reply.Answer, tt.answers)
		}
	}
}

// policyOf waits for a message that has a policy, and returns it with the policy's fields by their numbers.
func policyOf(t *testing.T, frames <-chan []byte) (*dnstap.Dnstap, map[protowire.Number]any) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case frame := <-frames:
			tap := new(dnstap.Dnstap)
			require.NoError(t, proto.Unmarshal(frame, tap))
			unknown := tap.GetMessage().ProtoReflect().GetUnknown()
			if len(unknown) == 0 {
				continue
			}
			field, kind, n := protowire.ConsumeTag(unknown)
			require.Equal(t, protowire.Number(15), field)
			require.Equal(t, protowire.BytesType, kind)
			policy, _ := protowire.ConsumeBytes(unknown[n:])
			return tap, fieldsOf(t, policy)
		case <-timeout:
			require.FailNow(t, "no dnstap message with a policy")
		}
	}
}

// fieldsOf returns the fields of a message of Protocol Buffers: texts and numbers.
func fieldsOf(t *testing.T, b []byte) map[protowire.Number]any {
	t.Helper()
	fields := map[protowire.Number]any{}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		require.Positive(t, n)
		b = b[n:]
		if kind == protowire.VarintType {
			value, n := protowire.ConsumeVarint(b)
			fields[field], b = int(value), b[n:]
			continue
		}
		value, n := protowire.ConsumeString(b)
		require.Positive(t, n)
		fields[field], b = value, b[n:]
	}
	return fields
}

// collectDnstap listens on a socket and returns what is written to it, frame by frame.
func collectDnstap(t *testing.T, socket string) <-chan []byte {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	frames, ended := make(chan []byte, 100), make(chan struct{})
	go acceptDnstap(listener, frames, ended)
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		for {
			select {
			case <-frames: // which nobody asked for
			case <-ended:
				return
			}
		}
	})
	return frames
}

// acceptDnstap reads frames from every connection, until the listener and the connections are closed. The library's own listener
// goes on to accept from a closed one for ever, and takes a CPU to do so.
func acceptDnstap(listener net.Listener, frames chan []byte, ended chan<- struct{}) {
	defer close(ended)
	var readers sync.WaitGroup
	defer readers.Wait()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		readers.Go(func() {
			defer conn.Close()
			if input, err := dnstap.NewFrameStreamInput(conn, true); err == nil {
				input.ReadInto(frames)
			}
		})
	}
}

// extraOf waits for the response to a client about a name, and returns its extra field.
func extraOf(t *testing.T, frames <-chan []byte, name string) string {
	t.Helper()
	timeout := time.After(patience)
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
