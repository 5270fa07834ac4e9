package typoguard

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// TestPopular: the options decide which popular domains pass, and those of one policy are those of another that says the same.
func TestPopular(t *testing.T) {
	root := writeLists(t, map[string]string{"own.txt": "# ours\nwing.com\n"})
	for options, want := range map[string]map[string]policy.Verdict{
		"":                {"bing.com": policy.Popular, "wing.com": policy.Lookalike, "gmial.com": policy.Lookalike, "ml": policy.Lookalike},
		"popular pass":    {"bing.com": policy.Popular, "wing.com": policy.Lookalike},
		"popular block":   {"bing.com": policy.Lookalike, "wing.com": policy.Lookalike},
		"popular own.txt": {"bing.com": policy.Popular, "wing.com": policy.Popular},
		"deny bing.com":   {"bing.com": policy.Lookalike, "mail.bing.com": policy.Lookalike, "ring.com": policy.Popular},
		"popular own.txt\ndeny wing.com bing.com": {"bing.com": policy.Lookalike, "wing.com": policy.Lookalike},
	} {
		t.Run(options, func(t *testing.T) {
			b, err := parseCorefile(t, root, "typoguard {\nprotect ing.com gmail.com mil\n"+options+"\n}")
			require.NoError(t, err)
			for name, verdict := range want {
				assert.Equal(t, verdict, verdictOn(b, name), name)
			}
		})
	}
	b, err := parseCorefile(t, root, "typoguard a {\nprotect ing.com\npopular own.txt\n}\ntypoguard b {\nprotect ring.com\npopular own.txt\n}")
	require.NoError(t, err)
	assert.Same(t, b.policies[0].Popular[1], b.policies[1].Popular[1])
}

// TestPopularErrors: what cannot be meant is an error.
func TestPopularErrors(t *testing.T) {
	root := writeLists(t, map[string]string{"bad.txt": "example.org\ncom\n", "empty.txt": ""})
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600))
	for options, want := range map[string]string{
		"popular":                         "Testfile:3 - Error during parsing: popular: no argument; expected pass, block or a file name",
		"popular pass block":              `Testfile:3 - Error during parsing: popular: "block" after "pass"; expected pass, block or a file name only`,
		"popular pass\npopular block":     "Testfile:4 - Error during parsing: popular: already given at Testfile:3; expected it once",
		"popular bad.txt":                 "Testfile:3 - Error during parsing: popular: " + root + `/bad.txt: line 2: "com"; expected a domain of two labels or more`,
		"popular empty.txt":               "Testfile:3 - Error during parsing: popular: " + root + "/empty.txt: no domain; expected at least one",
		"popular pipe":                    "Testfile:3 - Error during parsing: popular: " + root + "/pipe is not a regular file; expected pass, block or a readable file",
		"popular none.txt":                "Testfile:3 - Error during parsing: popular: open " + root + "/none.txt: no such file or directory; expected pass, block or a readable file",
		"deny":                            "Testfile:3 - Error during parsing: deny: no argument; expected domain suffixes",
		"deny *.example.org":              `Testfile:3 - Error during parsing: deny: "*.example.org": expected a domain suffix such as army.nl; write "example.org", which includes everything below it`,
		"deny example.org\npopular block": "Testfile:3 - Error during parsing: deny: popular block hides every popular domain; expected one of the two options",
		"deny ing.com":                    `Testfile:3 - Error during parsing: "ing.com" is denied here, and "ing.com" is protected at Testfile:2; expected a name that is not under a protected suffix`,
		"short":                           "Testfile:3 - Error during parsing: short: no argument; expected report or block",
		"short pass":                      `Testfile:3 - Error during parsing: short: "pass"; expected report or block`,
	} {
		t.Run(options, func(t *testing.T) {
			_, err := parseCorefile(t, root, "typoguard {\nprotect ing.com\n"+options+"\n}")
			assert.EqualError(t, err, want)
		})
	}
}

// TestSinksFor: popular domains are not stored for review.
func TestSinksFor(t *testing.T) {
	c := new(policyConfig)
	require.NoError(t, c.addSink(&sinkConfig{Config: sink.Config{Name: "log"}, option: "log_events"}))
	require.NoError(t, c.addSink(&sinkConfig{Config: sink.Config{Name: "sqlite:///events.db"}, option: historyOption}))
	assert.Equal(t, []string{"log"}, c.sinksFor(policy.Exempt))
	assert.Equal(t, []string{"log", "sqlite:///events.db"}, c.sinksFor(policy.Monitor))
}
