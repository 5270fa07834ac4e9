package typoguard

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// TestMain makes the process trust httptest's certificate, which has to be done before the first one is verified.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		server := httptest.NewUnstartedServer(nil)
		server.StartTLS()
		certificate := server.Certificate()
		server.Close()
		file, err := os.CreateTemp("", "roots")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.Remove(file.Name()) }()
		if err := pem.Encode(file, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		_ = os.Setenv("SSL_CERT_FILE", file.Name())
		return m.Run()
	}())
}

// listServer serves one list.
type listServer struct {
	*httptest.Server
	mu     sync.Mutex
	list   string
	status int // other than 200
	sent   int // how often the list was sent
}

func newListServer(t *testing.T, list string) *listServer {
	t.Helper()
	s := &listServer{list: list}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		tag := fmt.Sprintf("%q", s.list)
		switch {
		case r.URL.Path == "/plain":
			http.Redirect(w, r, "http://"+r.Host, http.StatusFound)
		case s.status != 0:
			w.WriteHeader(s.status)
		case r.Header.Get("If-None-Match") == tag:
			w.WriteHeader(http.StatusNotModified)
		default:
			s.sent++
			w.Header().Set("ETag", tag)
			_, _ = w.Write([]byte(s.list))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *listServer) set(list string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.status = list, status
}

// looked looks at the lists of a block's only policy, twice, because what has changed must stay as it is for a while. It
// returns whether they are in force as they are.
func looked(t *testing.T, b *block) bool {
	t.Helper()
	r := &reloader{blocks: []*block{b}}
	for range 2 {
		r.reload(t.Context(), b, b.policies[0], b.lists[0])
	}
	return b.lists[0].Stale() == nil
}

func TestRemote(t *testing.T) {
	s := newListServer(t, "navy.mil\n")
	b, err := parseCorefile(t, "", "typoguard {\nprotect_file "+s.URL+"\n}")
	require.NoError(t, err)
	require.NoError(t, b.lists[0].Keep())
	require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))

	require.True(t, looked(t, b))
	require.Equal(t, 1, s.sent, "not sent again")

	s.set("af.mil\n", 0)
	require.True(t, looked(t, b))
	require.Equal(t, policy.Pass, verdictOn(b, "navy.ml"))
	require.Equal(t, policy.Lookalike, verdictOn(b, "af.ml"))

	s.set("", http.StatusInternalServerError)
	require.False(t, looked(t, b))
	require.Equal(t, policy.Lookalike, verdictOn(b, "af.ml"))

	s.set("af..mil\n", 0)
	for range 3 {
		require.False(t, looked(t, b))
		require.Contains(t, b.lists[0].Stale().Error(), s.URL+":1 - Error during parsing: \"af..mil\": expected a domain suffix")
	}
	require.Equal(t, policy.Lookalike, verdictOn(b, "af.ml"))

	s.set("af.mil\n", 0)
	require.True(t, looked(t, b), "the one in force is back")
	s.set("navy.mil\n", 0)
	require.True(t, looked(t, b))
	require.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))
}

func TestRemoteCopy(t *testing.T) {
	s := newListServer(t, "navy.mil\n")
	dir := t.TempDir()
	corefile := "typoguard remote {\nprotect_file " + s.URL + "\ncache_dir " + dir + "\n}"
	b, err := parseCorefile(t, "", corefile)
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries, "nothing is written before the server starts")
	i := newInstance()
	require.NoError(t, i.add(b))
	require.NoError(t, i.start())
	require.NoError(t, i.stop())
	s.set("army.mil\n", 0)
	require.True(t, looked(t, b), "the copy follows")

	s.set("", http.StatusBadGateway)
	b, err = parseCorefile(t, "", corefile)
	require.NoError(t, err)
	assert.Equal(t, policy.Lookalike, verdictOn(b, "army.ml"))
	assert.Contains(t, b.lists[0].Stale().Error(), "502 Bad Gateway")
	assert.False(t, looked(t, b))
	s.set("navy.mil\n", 0)
	assert.True(t, looked(t, b))
	assert.Equal(t, policy.Lookalike, verdictOn(b, "navy.ml"))
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "and no temporary files")
	copied, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
	require.NoError(t, err)
	assert.Equal(t, "navy.mil\n", string(copied))
}

func TestRemoteMissing(t *testing.T) {
	s := newListServer(t, "")
	s.set("mindef.nl\n", http.StatusNotFound)
	for options, want := range map[string]string{
		"":                             "404 Not Found; expected a list, and there is no copy, because cache_dir is not set",
		"cache_dir " + t.TempDir():     "404 Not Found; expected a list, and there is no copy: open ",
		"on_missing start":             "",
		"on_missing start\ndistance 2": "",
	} {
		b, err := parseCorefile(t, "", "typoguard {\nprotect_file "+s.URL+"\n"+options+"\n}")
		if want != "" {
			require.ErrorContains(t, err, want, options)
			continue
		}
		require.NoError(t, err, options)
		require.Equal(t, policy.Pass, verdictOn(b, "midef.nl"))
		require.False(t, looked(t, b))
		s.set("mindef.nl\n", 0)
		require.True(t, looked(t, b))
		require.Equal(t, policy.Lookalike, verdictOn(b, "midef.nl"))
		s.set("mindef.nl\n", http.StatusNotFound)
	}
}

// TestReady: with on_missing unready, no server block is ready before all lists are there; and stays it when they are gone again.
func TestReady(t *testing.T) {
	s := newListServer(t, "")
	for option, waits := range map[string]bool{"start": false, "unready": true} {
		s.set("navy.mil\n", http.StatusServiceUnavailable)
		i := newInstance()
		var handlers []*Typoguard
		for _, stanza := range []string{"typoguard one {\nprotect_file " + s.URL + "\non_missing " + option + "\n}", "typoguard two {\nprotect army.mil\n}"} {
			b, err := parseCorefile(t, "", stanza)
			require.NoError(t, err)
			require.NoError(t, i.add(b))
			handler := newTypoguard(b)
			handler.blocks = i.loadedBlocks
			handlers = append(handlers, handler)
		}
		ready := func() (all []bool) {
			for _, handler := range handlers {
				all = append(all, handler.Ready())
			}
			return all
		}
		assert.Equal(t, []bool{!waits, !waits}, ready(), option)
		s.set("navy.mil\n", 0)
		require.True(t, looked(t, i.blocks[0]))
		assert.Equal(t, []bool{true, true}, ready(), option)
		s.set("navy.mil\n", http.StatusServiceUnavailable)
		require.False(t, looked(t, i.blocks[0]))
		assert.Equal(t, []bool{true, true}, ready(), option)
	}
}

func TestRemoteRefused(t *testing.T) {
	s := newListServer(t, "navy.mil\n")
	for address, want := range map[string]string{
		s.URL + "/plain": "redirected to http://" + strings.TrimPrefix(s.URL, "https://") + "; expected an https address",
		strings.Replace(s.URL, "127.0.0.1", "localhost", 1): "not localhost",
	} {
		_, err := parseCorefile(t, "", "typoguard {\nprotect_file "+address+"\n}")
		require.ErrorContains(t, err, want, address)
	}
}
