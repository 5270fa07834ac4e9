package dns_test

import (
	"bufio"
	"crypto/tls"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// strict returns a program in the mode in which cryptography that FIPS 140-3 does not approve fails.
func strict(path string) program { return program{path, []string{"GODEBUG=fips140=only"}} }

// guarded is a Corefile with everything that encrypts, signs or hashes.
const guarded = `(policy) {
    typoguard mail {
        protect army.mil
        clients 127.0.0.0/8
        action sinkhole {$HOST}
        smtp {$HOST}:{$SMTP}
        history sqlite://{$DIR}/events.db
        review {$HOST}:{$REVIEW} web_config {$DIR}/web.yml
    }
    forward . {$UPSTREAM}
}
.:{$DNS} {
    bind {$HOST}
    import policy
}
tls://.:{$DOT} {
    bind {$HOST}
    tls {$CERT} {$KEY}
    import policy
}
https://.:{$DOH} {
    bind {$HOST}
    tls {$CERT} {$KEY}
    import policy
}
`

// TestFIPS: the program that make fips builds serves DNS, DoT, DoH, STARTTLS, history and page with approved cryptography only.
func TestFIPS(t *testing.T) {
	t.Parallel()
	p := fipsProgram(t)
	for mode, said := range map[string]string{"": "fips140=on: ", "GODEBUG=fips140=only": "fips140=only: "} {
		cmd := exec.Command(p.path, "-version")
		cmd.Env = append(cmd.Environ(), mode)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err)
		assert.Regexp(t, `(?m)^FIPS 140-3: Go Cryptographic Module (latest|v[0-9.]+).*, `+said, string(out))
	}

	dir := t.TempDir()
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	require.NoError(t, err)
	kit.WriteFile(t, filepath.Join(dir, "web.yml"), "tls_server_config:\n  cert_file: "+built.certificate.file+"\n  key_file: "+built.certificate.keyFile+
		"\nbasic_auth_users:\n  alice: "+string(hash)+"\n")
	kit.WriteFile(t, filepath.Join(dir, "Corefile"), guarded)
	s := launchProgram(t, p, dir, localhost, newUpstream(t).addr)
	require.NoError(t, s.UntilAnswer(t.Context(), s.addr("DNS")))

	packed, err := query("army.ml.", dns.TypeMX).Pack()
	require.NoError(t, err)
	for _, transport := range transports {
		answer, err := transport.open(t, s)(packed)
		require.NoError(t, err, transport.name)
		reply := new(dns.Msg)
		require.NoError(t, reply.Unpack(answer), transport.name)
		require.Len(t, reply.Answer, 1, transport.name)
		assert.Equal(t, "army.ml.", reply.Answer[0].(*dns.MX).Mx, transport.name)
	}
	s.refuseEncrypted(t)

	client := &http.Client{Timeout: timeout, Transport: &http.Transport{TLSClientConfig: built.certificate.client()}}
	t.Cleanup(client.CloseIdleConnections)
	page := func(password string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr("REVIEW")+"/", nil)
		require.NoError(t, err)
		request.SetBasicAuth("alice", password)
		reply, err := client.Do(request)
		require.NoError(t, err)
		defer reply.Body.Close()
		var text strings.Builder
		_, err = bufio.NewReader(reply.Body).WriteTo(&text)
		require.NoError(t, err)
		return reply.StatusCode, text.String()
	}
	kit.Eventually(t, "the page to have the lookalike", func() bool {
		status, text := page("open sesame")
		return status == http.StatusOK && strings.Contains(text, "army.ml")
	})
	status, _ := page("open barley")
	assert.Equal(t, http.StatusUnauthorized, status)
}

// TestFIPSRefused: what would end the process later, because it needs other cryptography, is refused at the start.
func TestFIPSRefused(t *testing.T) {
	t.Parallel()
	p := fipsProgram(t)
	for name, test := range map[string]struct{ corefile, want string }{
		"a short key": {". {\n    typoguard {\n        protect army.mil\n        notify https://soc.corp.example/ secret {$DIR}/key\n    }\n}\n",
			"key has a secret of 5 bytes; expected 14 or more, which FIPS 140-3 asks of a key"},
		"tsig": {". {\n    tsig {\n        secret corp.example. c2hvcnQ=\n    }\n}\n",
			"Corefile:2 - Error during parsing: Unknown directive 'tsig' (which FIPS 140-3 does not approve: GODEBUG=fips140=only)"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			kit.WriteFile(t, filepath.Join(dir, "key"), "short\n")
			kit.WriteFile(t, filepath.Join(dir, "Corefile"), test.corefile)
			s := launchProgram(t, p, dir, localhost, localhost)
			assert.Equal(t, 1, ended(t, s, kit.Patience))
			assert.Contains(t, s.Output(), test.want)
		})
	}
}

// fipsProgram returns what make fips builds, in its stricter mode.
func fipsProgram(t *testing.T) program {
	t.Helper()
	if *fipsBinary != "" {
		return built.program
	}
	path, err := kit.BuildFIPS(t.Context())
	require.NoError(t, err)
	return strict(path)
}

// refuseEncrypted sends the sinkhole a message over TLS, which it refuses.
func (s *server) refuseEncrypted(t *testing.T) {
	t.Helper()
	c := s.greeted(t)
	c.say(t, "EHLO relay.example")
	assert.True(t, strings.HasPrefix(c.say(t, "STARTTLS")[0], "220 "))
	encrypted := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true}) // as mail servers do: nobody knows its certificate
	require.NoError(t, encrypted.SetDeadline(time.Now().Add(timeout)))
	require.NoError(t, encrypted.HandshakeContext(t.Context()))
	c = smtpSession{encrypted, bufio.NewReader(encrypted)}
	c.say(t, "EHLO relay.example")
	c.say(t, "MAIL FROM:<alice@corp.example>")
	assert.Contains(t, c.say(t, "RCPT TO:<bob@army.ml>")[0], "550 5.1.2 <bob@army.ml>: army.ml looks like a mistyped army.mil.")
}
