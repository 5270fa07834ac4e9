package review

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

func TestParseNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	require.NoError(t, os.WriteFile(path, []byte("# ours\n\n192.0.2.0/24\tmail servers Berlin # the old ones\n192.0.2.7,\"mx1\"\n192.0.2.9/25  half\n2001:db8::/32 IPv6\n::ffff:198.51.100.1 mapped\n10.0.0.0/8,ours, all of them\n"), 0o600))
	var log bytes.Buffer
	names := newClientNames(path, nil, slog.New(slog.NewTextHandler(&log, nil)))
	assert.Empty(t, names.of("192.0.2.7"))
	names.refresh()
	for address, want := range map[string]string{
		"192.0.2.7": "mx1", "192.0.2.8": "half", "192.0.2.200": "mail servers Berlin", "192.0.3.1": "", "2001:db8::25": "IPv6", "198.51.100.1": "mapped",
		"10.9.8.7": "ours, all of them", "": "", "unknown": "", "::a00:1": "",
	} {
		assert.Equal(t, want, names.of(address), address)
	}

	for content, want := range map[string]string{
		"192.0.2.1":                       path + `:1: "192.0.2.1" has no name; expected an address or network, and a name, such as 192.0.2.0/24 mail servers`,
		"\nmx1 192.0.2.1":                 path + `:2: "mx1" is no address or network; expected an address or network, and a name, such as 192.0.2.0/24 mail servers`,
		"192.0.2.1,":                      path + `:1: "192.0.2.1" has no name of at most 200 bytes in UTF-8; expected an address or network, and a name, such as 192.0.2.0/24 mail servers`,
		"192.0.2.1 \xff":                  "200 bytes in UTF-8",
		"::1 " + strings.Repeat("a", 201): "200 bytes in UTF-8",
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := readNames(path)
		require.ErrorContains(t, err, want)
		names.refresh()
		assert.Equal(t, "mx1", names.of("192.0.2.7"), "the names stay")
	}
	assert.Equal(t, 1, strings.Count(log.String(), "Reading the client names failed"), "it is logged once")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.7 mx2"), 0o600))
	names.refresh()
	assert.Equal(t, "mx2", names.of("192.0.2.7"))
	require.NoError(t, os.Remove(path))
	names.refresh()
	assert.Equal(t, "mx2", names.of("192.0.2.7"))
	assert.Equal(t, 2, strings.Count(log.String(), "Reading the client names failed"))
}

// TestNetworks: the clients whose names contain a word, whatever its case.
func TestNetworks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.0/24 Mail servers\n192.0.2.7 mx1\n2001:db8::/32 old mail\n::/0 rest"), 0o600))
	names := newClientNames(path, nil, slog.New(slog.DiscardHandler))
	names.refresh()
	for word, want := range map[string][]string{"MAIL": {"192.0.2.0/24", "2001:db8::/32"}, "mx": {"192.0.2.7/32"}, "rest": {"::/0"}, "none": nil} {
		var found []string
		for _, network := range names.Networks(word) {
			found = append(found, network.String())
		}
		assert.ElementsMatch(t, want, found, word)
	}
}

// TestSearchClientNames: words to search for may be in the names of clients, and the API has the names.
func TestSearchClientNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.7 Berlin mx1\n"), 0o600))
	other := lookup("bbbbbbbbbb", time.Minute)
	other.Client = "2001:db8::25"
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), other)
	p.site.names = newClientNames(path, nil, p.site.logger)
	for query, want := range map[string]bool{"berlin": true, "BERLIN us.army": true, "berlin 2001:db8::/32": false, "paris": false, "berlin paris": false} {
		body := p.get("/api/v1/events?text=" + url.QueryEscape(query)).Body.String()
		assert.Equal(t, want, strings.Contains(body, `"event.id":"aaaaaaaaaa"`), query)
		assert.NotContains(t, body, `"event.id":"bbbbbbbbbb"`, query)
		assert.Equal(t, want, strings.Contains(p.get("/events?text="+url.QueryEscape(query)).Body.String(), "/events/aaaaaaaaaa"), query)
		assert.Equal(t, want, strings.Contains(p.get("/events.json?text="+url.QueryEscape(query)).Body.String(), "aaaaaaaaaa"), query)
	}
	assert.Contains(t, p.get("/api/v1/events").Body.String(), `"typoguard.client_name":"Berlin mx1"`)
	assert.Contains(t, p.get("/api/v1/events/aaaaaaaaaa").Body.String(), `"client":"192.0.2.7","name":"Berlin mx1"`)
	assert.Contains(t, p.get("/api/v1/summary").Body.String(), `"client":"192.0.2.7","name":"Berlin mx1"`)

	var many strings.Builder
	for n := range maxNamed + 1 {
		fmt.Fprintf(&many, "10.0.%d.%d client\n", n/256, n%256)
	}
	require.NoError(t, os.WriteFile(path, []byte(many.String()), 0o600))
	p.site.names.refresh()
	assert.Empty(t, p.site.names.Networks("client"))
}

// TestSearchCommonName: a word that very many clients have in their names is searched for elsewhere, and from such a list events can be reviewed.
func TestSearchCommonName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	many := "192.0.2.7 army berlin\n"
	for n := range maxNamed {
		many += fmt.Sprintf("10.0.%d.%d army\n", n/256, n%256)
	}
	require.NoError(t, os.WriteFile(path, []byte(many), 0o600))
	other := lookup("bbbbbbbbbb", time.Minute)
	other.Name, other.Question, other.Intended = "navy.ml", "navy.ml", "navy.mil"
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute), other)
	p.site.names = newClientNames(path, nil, p.site.logger)
	for target, mark := range map[string]string{"/api/v1/events": "", "/events": "e-", "/events.csv": "", "/events.json": ""} {
		for query, want := range map[string][]bool{"army": {true, false}, "ARMY berlin": {true, false}, "navy berlin": {false, true}} {
			w := p.get(target + "?text=" + url.QueryEscape(query))
			require.Equal(t, http.StatusOK, w.Code, target)
			for i, id := range []string{"aaaaaaaaaa", "bbbbbbbbbb"} {
				assert.Equal(t, want[i], strings.Contains(w.Body.String(), mark+id), "%s %s %s", target, query, id)
			}
		}
	}
	const said = "Clients are not searched by name for “army”, which more than 200 of them have in their names."
	assert.Contains(t, text(t, p.get("/events?text=army").Body.String()), said)
	assert.NotContains(t, text(t, p.get("/events?text=berlin").Body.String()), "not searched by name")

	assert.Equal(t, http.StatusOK, p.get("/events/aaaaaaaaaa?text=army").Code)
	w := p.form("aaaaaaaaaa", "state", "confirmed", "back", "text=army")
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Contains(t, w.Header().Get("Location"), "text=army")
	assert.Equal(t, history.StateConfirmed, p.event("aaaaaaaaaa").State)
}

// TestClientNames: pages show the names of clients, as they are now.
func TestClientNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.7 mx1 <b>\u202eBerlin"), 0o600))
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	p.site.names = newClientNames(path, nil, p.site.logger)
	for _, target := range []string{"/", "/events", "/events/aaaaaaaaaa"} {
		assert.Contains(t, text(t, p.get(target).Body.String()), `192.0.2.7 mx1 <b>\u{202E}Berlin`, target)
	}
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.7 mx1"), 0o600))
	assert.NotContains(t, text(t, p.get("/events").Body.String()), "Berlin")
	require.NoError(t, Check(historyconfig.Page{Address: "127.0.0.1:0", ClientsFile: path}))
	require.ErrorContains(t, Check(historyconfig.Page{Address: "127.0.0.1:0", ClientsFile: path + ".missing"}), "clients_file: open")
}
