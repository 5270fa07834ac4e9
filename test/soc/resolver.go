package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// corefile is that of the resolver: two policies, of which one is on probation, and all sinks. The Internet is a template.
const corefile = `.:%[1]s {
    bind 127.0.0.1
    errors
    metadata
    prometheus %[2]s
    typoguard partners {
        protect %[3]s
        protect_file %[4]s/more
        allow navy.ml
        reload 1s
        events %[5]s size 10MB keep 3 age 30d
        syslog tcp://%[6]s
        client_mask 32 56
    }
    typoguard trial {
        protect mindef.nl state.gov
        mode monitor
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

// protectedDomains are those of the policy partners, and trialDomains those of the policy trial.
var (
	protectedDomains = []string{"army.mil", "navy.mil", "af.mil", "nato.int"}
	trialDomains     = []string{"mindef.nl", "state.gov"}
)

// resolver is a running coredns-typoguard.
type resolver struct {
	*process
	dns, metrics, events string // addresses, and the path of the events
}

// buildBinary makes the binary.
func buildBinary(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags=grpcnotrace", "-o", binary, "github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the binary: %w\n%s", err, output)
	}
	return nil
}

// startResolver starts the resolver in a directory, with a file of events and the address of a syslog server. It returns
// when the resolver answers.
func startResolver(ctx context.Context, binary, dir, events, syslog string) (*resolver, error) {
	r := &resolver{events: events}
	var err error
	if r.dns, err = freePort(); err != nil {
		return nil, err
	}
	if r.metrics, err = freePort(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "more"), []byte("politie.nl\n"), 0o600); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(r.dns)
	content := fmt.Sprintf(corefile, port, r.metrics, strings.Join(protectedDomains, " "), dir, events, syslog)
	config := filepath.Join(dir, "Corefile")
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		return nil, err
	}
	if r.process, err = launch(ctx, binary, "-conf", config); err != nil {
		return nil, err
	}
	return r, r.until(ctx, func() error {
		_, err := lookup(ctx, "127.0.0.1", r.dns, "ready.example")
		return err
	})
}
