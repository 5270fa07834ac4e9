package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// corefile is that of the resolver: three policies, of which one is on probation and one leads to a sinkhole, and all sinks. The
// Internet is a template.
const corefile = `.:%[1]s {
    bind 127.0.0.1
    errors
    metadata
    prometheus %[2]s
    %[7]s
    typoguard partners {
        %[8]s
        protect %[3]s
        protect_file %[4]s/more
        allow navy.ml
        reload 1s
        log_events off
        events %[5]s size 10MB keep 3 age 30d
        syslog tcp://%[6]s
        client_mask 32 56
    }
    typoguard trial {
        protect %[12]s
        mode monitor
        events %[5]s size 10MB keep 3 age 30d
        syslog tcp://%[6]s
    }
    typoguard suppliers {
        protect %[9]s
        clients 127.0.0.0/8
        action sinkhole 127.0.0.1
        smtp %[10]s
        smtp_limits per_client %[11]d
        log_events off
        events %[5]s size 10MB keep 3 age 30d
        syslog tcp://%[6]s
    }
    cache
    template IN MX . {
        answer "{{ .Name }} 60 IN MX 10 mx.{{ .Name }}"
    }
    template IN A . {
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
    template IN AAAA . {
        answer "{{ .Name }} 60 IN AAAA 2001:db8::1"
    }
}
`

// protectedDomains are those of the policy partners, trialDomains those of trial, and sunkDomains those of suppliers.
var (
	protectedDomains = []string{"army.mil", "navy.mil", "af.mil", "nato.int"}
	trialDomains     = []string{"mindef.nl", "state.gov"}
	sunkDomains      = []string{"northwind.example", "fabrikam.example"}
)

// perClient is how many connections a mail server may have with the SMTP listener: more than it needs here.
const perClient = 5

// resolver is a running coredns-typoguard.
type resolver struct {
	*kit.Process
	settings
	dns, metrics, smtp string // addresses
}

// settings are what differs between resolvers.
type settings struct {
	binary, dir string // the directory for its files
	events      string // the path of the events
	syslog      string // the address of the syslog server
	plugin      string // one more plugin of the server block
	option      string // one more option of the policy partners
}

// startResolver starts the resolver, and returns when it answers.
func startResolver(ctx context.Context, with settings) (*resolver, error) {
	r := &resolver{settings: with}
	if err := kit.FreeAddresses(&r.dns, &r.metrics, &r.smtp); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "more"), []byte("politie.nl\n"), 0o600); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(r.dns)
	if err != nil {
		return nil, err
	}
	content := fmt.Sprintf(corefile, port, r.metrics, strings.Join(protectedDomains, " "), r.dir, r.events, r.syslog, r.plugin, r.option,
		strings.Join(sunkDomains, " "), r.smtp, perClient, strings.Join(trialDomains, " "))
	if r.Process, err = kit.Serve(ctx, r.dir, content, r.dns, r.binary); err != nil {
		return nil, err
	}
	return r, nil
}
