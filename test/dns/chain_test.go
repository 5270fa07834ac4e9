package dns_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// logFormat is a query log with all that typoguard says about a query.
const logFormat = "{name} {type} {rcode} {/typoguard/verdict} {/typoguard/policy} {/typoguard/protected} " +
	"{/typoguard/intended} {/typoguard/kind} {/typoguard/distance} {/typoguard/action} {/typoguard/mode}"

// TestLog has the verdicts in the query log, through the metadata plugin.
func TestLog(t *testing.T) {
	t.Parallel()
	s := start(t, newUpstream(t).addr, `.:{$DNS} {
    bind {$HOST}
    metadata
    log . "`+logFormat+`"
    typoguard mail {
        protect army.mil
        allow arm.mil
        action nullmx
    }
    typoguard watch {
        protect mindef.nl
        mode monitor
        action nodata
    }
    forward . {$UPSTREAM}
}
`)
	tests := []struct {
		name  string
		asked string
		qtype uint16
		want  string
	}{
		{"blocked", "us.aRmY.ml.", dns.TypeMX, "us.army.ml. MX NOERROR lookalike mail army.mil us.army.mil omission 1 nullmx enforce"},
		{"passed type", "army.ml.", dns.TypeTXT, "army.ml. TXT NOERROR lookalike mail army.mil army.mil omission 1 pass enforce"},
		{"monitored", "mindeff.nl.", dns.TypeMX, "mindeff.nl. MX NOERROR lookalike watch mindef.nl mindef.nl addition 1 pass monitor"},
		{"protected", "army.mil.", dns.TypeMX, "army.mil. MX NOERROR protected - - - - - - -"},
		{"allowed", "arm.mil.", dns.TypeMX, "arm.mil. MX NOERROR allowed - - - - - - -"},
		{"passed", "example.org.", dns.TypeMX, "example.org. MX NOERROR pass - - - - - - -"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ask(t, s, test.asked, test.qtype)
			kit.Eventually(t, "the log line "+test.want, func() bool {
				return strings.Contains(s.Output(), "[INFO] "+test.want+"\n")
			})
		})
	}
}

// TestRewrite has names rewritten before typoguard judges them: what counts is the name that is looked up, and what the
// client sees is the name that it asked for.
func TestRewrite(t *testing.T) {
	t.Parallel()
	up := newUpstream(t)
	s := start(t, up.addr, `.:{$DNS} {
    bind {$HOST}
    rewrite stop {
        name exact alias.example.org army.ml
        answer auto
    }
    rewrite stop {
        name exact navy.ml navy.mil
        answer auto
    }
    typoguard mail {
        protect army.mil navy.mil
        action nullmx
    }
    forward . {$UPSTREAM}
}
`)
	t.Run("into a lookalike", func(t *testing.T) {
		m := ask(t, s, "alias.example.org.", dns.TypeMX)
		assert.Equal(t, "alias.example.org.", m.Question[0].Name, "question")
		assert.Equal(t, []string{"alias.example.org. 60 IN MX 0 ."}, records(m.Answer), "ANSWER")
		assert.Empty(t, up.take(), "questions at the upstream")
	})
	t.Run("out of a lookalike", func(t *testing.T) {
		m := ask(t, s, "navy.ml.", dns.TypeMX)
		assert.Equal(t, "navy.ml.", m.Question[0].Name, "question")
		assert.Equal(t, []string{"navy.ml. 300 IN MX 10 upstream.test."}, records(m.Answer), "ANSWER")
		assert.Len(t, up.take(), 1, "questions at the upstream")
	})
}

// TestDNS64 has dns64 make addresses of those of names without AAAA records. It asks for them through the whole chain,
// so that it can make none of a lookalike's real address.
func TestDNS64(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, options string
		rcode         int
		answer        []string
	}{
		{"nxdomain", "action nxdomain", dns.RcodeNameError, nil},
		{"nullmx without addresses", "action nullmx\ntypes MX A AAAA", dns.RcodeSuccess, nil},
		{"sinkhole", "action sinkhole 192.0.2.66", dns.RcodeSuccess, []string{"@ 60 IN AAAA 64:ff9b::c000:242"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			up := newUpstream(t)
			s := start(t, up.addr, `.:{$DNS} {
    bind {$HOST}
    dns64 {
        allow_ipv4
    }
    typoguard mail {
        protect army.mil
        `+test.options+`
    }
    forward . {$UPSTREAM}
}
`)
			m := ask(t, s, v4Only+"example.org.", dns.TypeAAAA)
			assert.Equal(t, []string{v4Only + "example.org. 300 IN AAAA 64:ff9b::c000:201"}, records(m.Answer), "an ordinary name")
			up.take()

			m = ask(t, s, v4Only+"army.ml.", dns.TypeAAAA)
			assert.Equal(t, dns.RcodeToString[test.rcode], dns.RcodeToString[m.Rcode], "rcode")
			assert.Equal(t, instantiate(test.answer, v4Only+"army.ml."), records(m.Answer), "a lookalike")
			assert.Empty(t, up.take(), "questions at the upstream")
		})
	}
}
