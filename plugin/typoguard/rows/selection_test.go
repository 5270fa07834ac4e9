package rows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// selectAll returns all policies of a Corefile that enforce.
func selectAll(tb testing.TB, corefile string) *Selection {
	tb.Helper()
	s, err := selectFrom(corefile)
	require.NoError(tb, err)
	return s
}

// selectFrom is selectAll of a Corefile that may be wrong.
func selectFrom(corefile string) (*Selection, error) {
	set, suffixes, err := LoadPolicies(corefile)
	if err != nil {
		return nil, err
	}
	return Select(set, suffixes, Options{Now: time.Now()}), nil
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name, options string
		expected      []string
	}{
		{"nothing", "", nil},
		{"nullmx", "action nullmx", []string{"policy default: action nullmx: queries for types other than MX get NODATA, even those that this server passes, such as A and AAAA"}},
		{"nullmx of types", "action nullmx\n types MX A AAAA", []string{"policy default: types: queries for types other than MX A AAAA get NODATA, even those that this server passes"}},
		{"types", "types MX A AAAA TXT", []string{"policy default: types: queries for types other than MX A AAAA TXT get the same answer, even those that this server passes"}},
		{"appended", "kinds appended", []string{"policy default: kinds appended: no rows but those of denied names, because any public suffix can be behind a protected domain"}},
		{"tld", "kinds tld", []string{"policy default: kinds tld: no rows but those of denied names, because rows cannot ask whether the same organisation operates the domain"}},
		{"clients", "clients 192.0.2.0/24 ::1", []string{"policy default: clients: rows apply to every client of the server that loads the zone, not only to 192.0.2.0/24 ::1/128"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.expected, selectAll(t, ". {\n typoguard {\n protect army.mil\n "+test.options+"\n }\n}").Limits())
		})
	}
}

// TestLimitMonitor: what monitors is said to, when it is written.
func TestLimitMonitor(t *testing.T) {
	set, suffixes, err := LoadPolicies(". {\n typoguard trial {\n protect army.nl\n mode monitor\n }\n}")
	require.NoError(t, err)
	s := Select(set, suffixes, Options{Now: time.Now(), Only: "trial", Monitors: true})
	assert.Equal(t, []string{"policy trial: rows cannot express mode monitor: load the zone so that matches are only logged"}, s.Limits())
}
