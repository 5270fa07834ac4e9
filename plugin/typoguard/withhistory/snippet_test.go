package withhistory_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coredns/caddy"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

// TestDeclaredOnce: what policies of several server blocks share can be declared once, in a snippet that each imports. What is wrong with it is
// said with its line there.
func TestDeclaredOnce(t *testing.T) {
	caddytest.UseDirectives(t)
	dir, address := t.TempDir(), kit.FreeAddress(t)
	corefile := func(history string) caddy.CaddyfileInput {
		const blocks = "\n.:0 {\nbind 127.0.0.1\ntypoguard mil {\nprotect mil\nimport soc\n}\ntypoguard nl {\nprotect mindef.nl\nimport soc\n}\n}\n" +
			"corp.example:0 {\nbind 127.0.0.1\ntypoguard corp {\nprotect army.mil\nimport soc\n}\n}\n"
		return caddy.CaddyfileInput{Filepath: "Corefile", ServerTypeName: "dns", Contents: []byte("(soc) {\nevents " + dir + "/events.json size 1MB\n" + history +
			"\nreview " + address + "\nnotify mailto:soc@corp.example relay smtp://127.0.0.1:1 from typoguard@corp.example\nlog_events off\n}" + blocks)}
	}
	instance, stop := caddytest.Start(t, corefile("history sqlite://"+dir+"/one.db age 180d"))
	ask(t, instance, "us.army.ml.")
	ask(t, instance, "midef.nl.")
	s := opened(t, filepath.Join(dir, "one.db"))
	firstEvent(t, s, "us.army.ml")
	firstEvent(t, s, "midef.nl")
	require.NoError(t, s.Close())
	assert.Equal(t, http.StatusOK, begin(t, address).end())
	instance = caddytest.Restart(t, instance, corefile("history sqlite://"+dir+"/two.db age 180d"))
	ask(t, instance, "navy.ml.")
	stop(instance)
	const names = "SELECT policy, lookalike FROM events ORDER BY lookalike"
	assert.Equal(t, []string{"nl midef.nl", "mil us.army.ml"}, rows(t, filepath.Join(dir, "one.db"), names))
	assert.Equal(t, []string{"mil navy.ml"}, rows(t, filepath.Join(dir, "two.db"), names))
	content, err := os.ReadFile(filepath.Join(dir, "events.json"))
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(content), "\n"))

	_, err = typoguard.Load(corefile("history sqlite://" + dir + "/two.db age none"))
	require.ErrorContains(t, err, `Corefile:3 - Error during parsing: history: age "none"; expected a duration such as 30d, 1d12h or 12h`)
}
