package audit

import (
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// corefileOfTests is the one that most tests here use.
const corefileOfTests = `
. {
	typoguard mil {
		protect mil
		allow gov.ml
	}
	typoguard trial {
		protect army.nl
		mode monitor
	}
}
`

// testBlocks loads a Corefile that needs no other plugin.
func testBlocks(tb testing.TB, content string) *corefile.Blocks {
	tb.Helper()
	before := dnsserver.Directives
	tb.Cleanup(func() { dnsserver.Directives = before })
	require.NoError(tb, dnsserver.SetDirectives([]string{"typoguard"}))
	blocks, err := typoguard.Load(caddy.CaddyfileInput{Filepath: "Corefile", Contents: []byte(content), ServerTypeName: "dns"})
	require.NoError(tb, err)
	return &corefile.Blocks{All: blocks}
}
