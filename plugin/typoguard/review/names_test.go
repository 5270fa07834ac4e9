package review

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

func TestParseNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	require.NoError(t, os.WriteFile(path, []byte("# ours\n\n192.0.2.0/24\tmail servers Berlin # the old ones\n192.0.2.7,\"mx1\"\n192.0.2.9/25  half\n2001:db8::/32 IPv6\n::ffff:198.51.100.1 mapped\n10.0.0.0/8,ours, all of them\n"), 0o600))
	var log bytes.Buffer
	names := newClientNames(path, slog.New(slog.NewTextHandler(&log, nil)))
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

// TestClientNames: pages show the names of clients, as they are now.
func TestClientNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clients")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.7 mx1 <b>\u202eBerlin"), 0o600))
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	p.site.names = newClientNames(path, p.site.logger)
	for _, target := range []string{"/", "/events", "/events/aaaaaaaaaa"} {
		assert.Contains(t, text(t, p.get(target).Body.String()), `192.0.2.7 mx1 <b>\u{202E}Berlin`, target)
	}
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.7 mx1"), 0o600))
	assert.NotContains(t, text(t, p.get("/events").Body.String()), "Berlin")
	require.NoError(t, Check(historyconfig.Page{Address: "127.0.0.1:0", ClientsFile: path}))
	require.ErrorContains(t, Check(historyconfig.Page{Address: "127.0.0.1:0", ClientsFile: path + ".missing"}), "clients_file: open")
}
