package rows_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	clog "github.com/coredns/coredns/plugin/pkg/log"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// TestMain gives CoreDNS the one directive that the tests need.
func TestMain(m *testing.M) {
	clog.Discard()
	if err := dnsserver.SetDirectives([]string{"typoguard"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	rows.LoadPolicies = func(corefile string) (*policy.Set, []policy.Suffixes, error) {
		blocks, err := typoguard.Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(corefile), ServerTypeName: "dns"})
		if err != nil {
			return nil, nil, err
		}
		return blocks[0].Set, blocks[0].Suffixes, nil
	}
	os.Exit(m.Run())
}
