package dns_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// TestStartupFails starts servers with mistakes in what an operator writes: each says what is wrong and where, and exits.
func TestStartupFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, options string
		want          []string
	}{
		{"unknown option", "protekt army.mil", []string{"Corefile:5 - Error during parsing: ", `unknown option "protekt"`}},
		{"suffix too short", "protect nl", []string{"Corefile:5 - Error during parsing: ", `"nl"`, "army.nl"}},
		{"mail left a way through", "protect army.mil\ntypes MX", []string{"Corefile:6 - Error during parsing: ", "types: ", "expected MX A AAAA"}},
		{"no list", "protect_file {$DIR}/none", []string{"Corefile:5 - Error during parsing: ", "/none: no such file"}},
		{"mistake in a list", "protect_file {$DIR}/list", []string{"/list:2 - Error during parsing: ", `"mil"`}},
		{"no directory for the history", "protect army.mil\nhistory sqlite://{$DIR}/none/events.db", []string{"Corefile:6 - Error during parsing: ", "history: ", "/none is not a directory"}},
		{"a page for all to see", "protect army.mil\nhistory sqlite://{$DIR}/events.db\nreview 0.0.0.0:8053", []string{"Corefile:7 - Error during parsing: ", "review: ", "web_config"}},
		{"dns64, which makes empty answers its own", "protect army.mil\naction nodata\n}\ndns64 {\nallow_ipv4", []string{"Corefile:6 - Error during parsing: ", "action: nodata does not go with the plugin dns64"}},
		{"nothing protected", "allow arm.mil", []string{"Corefile:4 - Error during parsing: ", `policy "mail" protects nothing`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			kit.WriteFile(t, filepath.Join(dir, "list"), brokenList)
			kit.WriteFile(t, filepath.Join(dir, "Corefile"), `.:{$DNS} {
    bind {$HOST}
    forward . {$UPSTREAM}
    typoguard mail {
`+test.options+`
    }
}
`)
			s := launch(t, dir, localhost, localhost)
			select {
			case <-s.Exited():
			case <-time.After(patience):
				require.FailNow(t, "the server started")
			}
			assert.Positive(t, s.ExitCode(), "exit code")
			for _, want := range test.want {
				assert.Contains(t, s.Output(), want, "output")
			}
		})
	}
}
