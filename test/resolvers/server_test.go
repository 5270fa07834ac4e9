package resolvers

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStartAgain: a server is started again if somebody else uses the port that was free, unless that was given.
func TestStartAgain(t *testing.T) {
	const begin, taken = "echo $port >> $dir/../ports; ", "echo listen udp 127.0.0.1:$port: bind: address already in use; exit 1"
	for _, tt := range []struct {
		name, script, port string
		starts             int
		err                string
	}{
		{"taken once", "case $dir in */1-of-*) " + taken + ";; esac; exec sleep 60", "", 2, ""},
		{"taken again and again", taken, "", maxTries, "somebody else uses its port"},
		{"a given port that is taken", taken, "5300", 1, "somebody else uses its port"},
		{"no such configuration", "echo no such directive; exit 1", "", 1, "its output: no such directive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			p := Product{Name: "a shell", Program: "sh", conf: "typoguard", args: []string{"-c", begin + tt.script}}
			variables := map[string]string{"policy": "", "upstream": "53"}
			if tt.port != "" {
				variables["port"] = tt.port
			}
			given := maps.Clone(variables)
			started := func() []string {
				ports, _ := os.ReadFile(filepath.Join(dir, "ports")) // which is not there before the first one starts
				return strings.Fields(string(ports))
			}
			s, err := p.Start(t.Context(), dir, "", variables, func(string) bool { return tt.err == "" && len(started()) == tt.starts })
			assert.Equal(t, given, variables)
			require.Len(t, started(), tt.starts)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			defer s.Stop()
			assert.Equal(t, started()[tt.starts-1], s.Port)
		})
	}
}
