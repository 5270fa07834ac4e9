package typoguard

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHistoryNotLinked: a program that does not import package withhistory says so. What else is wrong with these options is
// tested there.
func TestHistoryNotLinked(t *testing.T) {
	for option, arguments := range map[string]string{"history": " sqlite:///tmp/events.db", "review": ""} {
		_, err := parseCorefile(t, t.TempDir(), "typoguard {\nprotect mil\n"+option+arguments+"\n}")
		require.EqualError(t, err, "Testfile:3 - Error during parsing: "+option+": this program was built without it; expected one that imports "+
			"github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory, as coredns-typoguard does")
	}
}

// TestAbsoluteDSN: a relative path of a file is below the root, whatever characters are in that.
func TestAbsoluteDSN(t *testing.T) {
	tests := []struct{ dsn, absolute, path string }{
		{"sqlite://events.db", "sqlite:///etc/core %dns/events.db", "/etc/core %dns/events.db"},
		{"sqlite://a/../events.db", "sqlite:///etc/core %dns/events.db", "/etc/core %dns/events.db"},
		{"sqlite:///var/lib/events.db", "sqlite:///var/lib/events.db", "/var/lib/events.db"},
		{"sqlite://", "sqlite://", ""},
		{"postgres://user@host/database", "postgres://user@host/database", ""},
		{"events.db", "events.db", ""},
	}
	for _, tt := range tests {
		dsn, err := absoluteDSN("/etc/core %dns", tt.dsn)
		require.NoError(t, err)
		assert.Equal(t, tt.absolute, dsn)
		if path, ok := sqlitePath(dsn); ok {
			assert.Equal(t, tt.path, path)
		} else {
			assert.Empty(t, tt.path)
		}
	}
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	for root, want := range map[string]string{"": "/events.db", "sub": "/sub/events.db"} {
		dsn, err := absoluteDSN(root, "sqlite://events.db")
		require.NoError(t, err)
		assert.Equal(t, "sqlite://"+here+want, dsn, "below the working directory")
	}
}

func TestParseHistorySize(t *testing.T) {
	for value, want := range map[string]int64{"0": 0, "1MB": 1 << 20, "10GB": 10 << 30, "3GiB": 3 << 30, "5000000000": 5_000_000_000} {
		size, err := parseHistorySize(value)
		require.NoError(t, err)
		assert.Equal(t, want, size)
	}
	for _, value := range []string{"1023KB", "big", "-1", "1"} {
		_, err := parseHistorySize(value)
		require.EqualError(t, err, `size "`+value+`"; expected at least 1MB, such as 1GB, or 0 for no limit`)
	}
}
