package main

import (
	"fmt"
	"net"
	"path/filepath"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// policies are those of the resolver. The options of each follow for %s, and the SMTP listener of one for %[2]s.
const policies = `    typoguard defence {
        protect army.mil army.nl navy.mil af.mil marines.mil mindef.nl nato.int bundeswehr.org
        inspect mx
%[1]s    }
    typoguard partners {
        protect northwind.example fabrikam.example bücher-verlag.example
        clients 127.0.0.0/8
        action sinkhole 127.0.0.1
        smtp %[2]s
        hint "Questions? Call the help desk, 2525, about {suggested}."
%[1]s    }
    # On probation, with what would pass as popular: well-known names have real neighbours, such as mail.com.
    typoguard webmail {
        protect gmail.com outlook.com
        allow ymail.com
        popular block
        mode monitor
%[1]s    }
`

// corefile is that of the resolver: the Internet is some templates, of which one has a mistake in its MX record.
const corefile = `.:%s {
    bind 127.0.0.1
    errors
    prometheus %s
%s    cache
    template IN MX supplier.example {
        answer "{{ .Name }} 60 IN MX 10 mail.amry.mil."
    }
    template IN MX . {
        answer "{{ .Name }} 60 IN MX 10 mx.provider.example."
    }
    template IN A . {
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
    template IN AAAA . {
        answer "{{ .Name }} 60 IN AAAA 2001:db8::1"
    }
    template IN ANY . {
        authority ". 60 IN SOA demo.invalid. nobody.invalid. 1 3600 600 86400 60"
    }
}
`

// site is where everything is.
type site struct {
	settings
	dns, smtp, metrics string // addresses
}

// newSite finds free ports for all but the page.
func newSite(s settings) (*site, error) {
	at := &site{settings: s}
	return at, kit.FreeAddresses(&at.dns, &at.smtp, &at.metrics)
}

// database and events are the files of the history, and of the same events as lines of JSON.
func (s *site) database() string { return filepath.Join(s.dir, "events.db") }
func (s *site) events() string   { return filepath.Join(s.dir, "events.json") }

func (s *site) dsn() string { return "sqlite://" + s.database() }

// port is the resolver's.
func (s *site) port() string {
	_, port, _ := net.SplitHostPort(s.dns)
	return port
}

// corefile returns the resolver's.
func (s *site) corefile() string {
	options := fmt.Sprintf("        log_events off\n        events %s\n        history %s\n        review %s\n", s.events(), s.dsn(), s.review)
	return fmt.Sprintf(corefile, s.port(), s.metrics, fmt.Sprintf(policies, options, s.smtp))
}
