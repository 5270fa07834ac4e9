//go:build corpus && precision

package corpus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/advise"
)

// advised returns the lines that the command advise has for a policy.
func advised(t *testing.T, protect string, distance int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Corefile")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, ". {\ntypoguard {\nprotect %s\ndistance %d\n}\n}", protect, distance), 0o600))
	var out bytes.Buffer
	root := &cli.Command{Name: "coredns-typoguard", Commands: []*cli.Command{advise.Command()}, Writer: &out, ExitErrHandler: func(_ context.Context, _ *cli.Command, _ error) {}}
	err := root.Run(t.Context(), []string{"coredns-typoguard", "advise", "-conf", path, "-json"})
	var exit cli.ExitCoder
	if err != nil {
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 1, exit.ExitCode(), err)
	}
	seen := map[string]bool{}
	var lines []string
	for line := range strings.Lines(out.String()) {
		var a struct{ Lines []string }
		require.NoError(t, json.Unmarshal([]byte(line), &a), line)
		for _, l := range a.Lines {
			if !seen[l] {
				seen[l] = true
				lines = append(lines, l)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// TestAdvised: with the lines that advise has for them, the sets hide no popular domain of the list, and people's typos as
// before, but for one that somebody made up.
func TestAdvised(t *testing.T) {
	p := loadPrecision(t)
	require.NoError(t, dnsserver.SetDirectives([]string{"typoguard"}))
	for _, distance := range []int{1, 2} {
		var known, found, before, all int
		for name, protect := range p.sets {
			d := distance
			if b := policyFor(t, protect, rule{}, distance); b.Set.Policies[0].Distance < distance {
				d = 1
			}
			start := time.Now()
			lines := advised(t, protect, d)
			t.Logf("%s, %d domains: %s in %s", name, len(strings.Fields(protect)), strings.ReplaceAll(lines, "\n", "; "), time.Since(start).Round(time.Millisecond))
			for k := range policyFor(t, protect, rule{options: lines}, distance).Set.Known(t.Context()) {
				if k.Covered() && !k.Doubtful && !k.IsTypo {
					known++
				}
			}
			own := &precision{meant: map[string][]string{}}
			for domain := range strings.FieldsSeq(protect) {
				if typos := p.meant[domain]; typos != nil {
					own.meant[domain] = typos
				}
			}
			b, n, _ := own.recall(t, rule{}, distance)
			f, _, _ := own.recall(t, rule{options: lines}, distance)
			before, found, all = before+b, found+f, all+n
		}
		t.Logf("distance %d: popular domains hidden %d; typos of protected domains found %d of %d, %d without the lines", distance, known, found, all, before)
		assert.Zero(t, known)
		assert.GreaterOrEqual(t, found, before-1, "wed.de, which short report only reports")
	}
}
