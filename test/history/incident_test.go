//go:build e2e

package history_test

import (
	"fmt"
	"net/http"
	"net/smtp"
	"regexp"
	"syscall"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/test/kit"
)

// idIn returns the id in what a client was told.
func idIn(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(`(?i)\bid ([a-z2-7]{10})\b`).FindStringSubmatch(text)
	require.Len(t, found, 2, text)
	return found[1]
}

// TestOneIncidentOfTwo: a mail server asks one resolver, which is restarted and asked again, and is refused by the listener of another. That is
// one event, which every id leads to on the pages of both.
func TestOneIncidentOfTwo(t *testing.T) {
	dsn := startPostgres(t).DSN("postgres")
	var sinkhole string
	require.NoError(t, kit.FreeAddresses(&sinkhole))
	options := []string{"clients 127.0.0.0/8", "action sinkhole 127.0.0.1"}
	one, two := start(t, dsn, "ns1", options...), start(t, dsn, "ns2", append(options, "smtp "+sinkhole)...)
	ask := func() string {
		reply, err := dns.Exchange(new(dns.Msg).SetQuestion(lookalike(1)+".", dns.TypeMX).SetEdns0(1232, false), one.dns)
		require.NoError(t, err)
		return idIn(t, fmt.Sprint(reply))
	}
	first := ask()
	assert.Equal(t, first, ask())
	one.End(syscall.SIGTERM)
	one = start(t, dsn, "ns1", options...)
	again := ask()
	c, err := smtp.Dial(sinkhole)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Mail("alice@corp.example"))
	refused := idIn(t, c.Rcpt("bob@"+lookalike(1)).Error())
	ids := []string{first, again, refused}
	for i, id := range ids {
		assert.NotContains(t, ids[:i], id, "nobody tells the other")
	}

	store, err := history.Open(historyconfig.Store{DSN: dsn})
	require.NoError(t, err)
	defer store.Close()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		d, err := store.Event(t.Context(), first)
		require.NoError(c, err)
		assert.Equal(c, 4, d.Count)
		assert.Equal(c, 1, d.Refusals())
	}, 3*kit.Patience, wink)
	names, _ := kept(t, dsn)
	assert.Equal(t, map[string]int{lookalike(1): 1}, names)
	for _, r := range []*resolver{one, two} {
		for _, id := range ids {
			status, body, err := kit.Get(t.Context(), "http://"+r.review+"/events/"+id)
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			for _, other := range ids {
				assert.Contains(t, body, other)
			}
		}
	}
}
