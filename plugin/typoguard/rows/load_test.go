package rows_test

import (
	"testing"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

func TestMain(m *testing.M) {
	rows.LoadPolicies = func(corefile string) (*policy.Set, []policy.Suffixes, error) {
		blocks, err := typoguard.Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(corefile), ServerTypeName: "dns"})
		if err != nil {
			return nil, nil, err
		}
		return blocks[0].Set, blocks[0].Suffixes, nil
	}
	caddytest.Main(m)
}
