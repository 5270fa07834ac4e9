package suffixlist

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/jedisct1/go-minisign"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newSigner returns a key pair: the public key as it is written, and what signs with the other.
func newSigner(t *testing.T, id byte) (public string, sign func(content string) string) {
	t.Helper()
	_, secret, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	key := minisign.PrivateKey{SignatureAlgorithm: [2]byte{'E', 'd'}, KeyId: [8]byte{id}, SecretKey: [64]byte(secret)}
	p := key.PublicKey()
	written := append(append(p.SignatureAlgorithm[:], p.KeyId[:]...), p.PublicKey[:]...)
	return base64.StdEncoding.EncodeToString(written), func(content string) string {
		signature, err := key.Sign([]byte(content), minisign.SignOptions{})
		require.NoError(t, err)
		return string(signature.Encode())
	}
}

// TestSigned: only a list with a signature of its own, by the right key, is taken; and one that was taken is not fetched again.
func TestSigned(t *testing.T) {
	const list = "navy.mil\narmy.mil\n"
	public, sign := newSigner(t, 1)
	_, signOther := newSigner(t, 1)
	_, signUnknown := newSigner(t, 2)
	for name, tt := range map[string]struct{ signature, err string }{
		"signed":             {sign(list), ""},
		"another key":        {signOther(list), "does not sign the list: Invalid signature"},
		"an unknown key":     {signUnknown(list), "does not sign the list: Incompatible key identifiers"},
		"of another version": {sign("navy.mil\n"), "does not sign the list: Invalid signature"},
		"no signature":       {"", "the signature: "},
		"an error page":      {"<html>\n", "expected a signature of minisign"},
		"too large":          {string(make([]byte, maxSignature+1)), "more than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := map[string]int{}
			s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked[r.URL.Path]++
				w.Header().Set("ETag", `"1"`)
				switch {
				case r.Header.Get("If-None-Match") == `"1"`:
					w.WriteHeader(http.StatusNotModified)
				case r.URL.Path == "/a b/list" && r.URL.RawQuery == "token=1":
					_, _ = w.Write([]byte(list))
				case r.URL.Path == "/a b/list.minisig" && r.URL.RawQuery == "token=1" && tt.signature != "":
					_, _ = w.Write([]byte(tt.signature))
				default:
					w.WriteHeader(http.StatusNotFound)
				}
			}))
			t.Cleanup(s.Close)
			key, err := ParseKey(public, "")
			require.NoError(t, err)
			l := &Source{Path: s.URL + "/a%20b/list?token=1", Protects: true}
			l.Remote("", true)
			l.remote.client.Transport = s.Client().Transport
			l.Signed(key)
			require.NoError(t, l.load(t.Context()))
			if tt.err != "" {
				require.ErrorContains(t, l.failure, tt.err)
				assert.Empty(t, l.Content())
				return
			}
			require.NoError(t, l.failure)
			assert.Equal(t, list, l.Content())
			require.NoError(t, l.keep())
			assert.Equal(t, Unchanged, l.look(t.Context()).change)
			assert.Equal(t, map[string]int{"/a b/list": 2, "/a b/list.minisig": 1}, asked)
		})
	}
}

// TestParseKey: a key may stand in the Corefile, or in the file that minisign writes.
func TestParseKey(t *testing.T) {
	public, _ := newSigner(t, 1)
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.pub"), filepath.Join(dir, "bad.pub")
	require.NoError(t, os.WriteFile(good, []byte("untrusted comment: minisign public key\n"+public+"\n"), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte(public), 0o600))
	inline, err := ParseKey(public, "")
	require.NoError(t, err)
	read, err := ParseKey("good.pub", good)
	require.NoError(t, err)
	assert.Equal(t, inline, read)
	_, err = ParseKey("bad.pub", bad)
	require.EqualError(t, err, bad+": Incomplete encoded public key; expected the public key that minisign -G writes")
}
