package typoguard

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/metadata"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// readme returns the manual page, or one section of it.
func readme(t *testing.T, section string) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n## "+section+"\n")
	require.True(t, found, section)
	body, _, _ := strings.Cut(rest, "\n## ")
	return body
}

// TestReadmeSections: CoreDNS makes manual pages of plugins whose sections are in this order.
func TestReadmeSections(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var sections []string
	for _, m := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, m[1])
	}
	assert.Equal(t, []string{"Name", "Description", "Syntax", "Events", "History", "Metadata", "Metrics", "Ready", "Examples", "Bugs", "See Also"}, sections)
}

// TestReadmeOptions: the options of the syntax are those that are parsed, and each is explained.
func TestReadmeOptions(t *testing.T) {
	syntax := readme(t, "Syntax")
	block := regexp.MustCompile(`(?s)typoguard \[NAME\] \{\n(.*?)\n\}`).FindStringSubmatch(syntax)
	require.NotNil(t, block)
	var documented []string
	for line := range strings.Lines(block[1]) {
		documented = append(documented, strings.Fields(line)[0])
	}
	assert.Equal(t, optionNames(), slices.Compact(documented), "some have two forms")
	for _, name := range optionNames() {
		assert.Regexp(t, "(?m)^\\* .*`"+name+"[` ]", syntax)
	}
	for _, name := range policy.ActionNames[:] {
		assert.Contains(t, syntax, "| `"+name+"`")
	}
}

// TestReadmeKinds: the examples of the kinds are of those kinds, and every kind has one.
func TestReadmeKinds(t *testing.T) {
	h := handler(t, "typoguard {\nprotect mindef.nl\ndistance 2\nkinds default appended boundary tld\n}\ntypoguard suffix {\nprotect moedef.nl\nkinds default suffix\n}")
	rows := regexp.MustCompile("(?m)^  \\| `([a-z]+)` \\| [^|`]* \\| (?:for `moedef.nl`: )?`([a-z0-9.-]+)` \\|$").FindAllStringSubmatch(readme(t, "Syntax"), -1)
	require.Len(t, rows, len(match.AllKinds.List()))
	for _, row := range rows {
		ctx := metadata.ContextWithMetadata(t.Context())
		ask(t, ctx, h, question(row[2]+".", dns.TypeMX))
		kind := metadata.ValueFunc(ctx, "typoguard/kind")
		require.NotNil(t, kind, row[2])
		assert.Equal(t, row[1], kind(), row[2])
	}
	prefixes := match.UsualPrefixes()
	last := len(prefixes) - 1
	assert.Contains(t, strings.Join(strings.Fields(readme(t, "Syntax")), " "), strings.Join(prefixes[:last], ", ")+" and "+prefixes[last]+".")
}

// TestReadmeEvents: the fields of events that are documented are those that there are.
func TestReadmeEvents(t *testing.T) {
	e := event.Event{
		ID: "id", Count: 1, Client: "192.0.2.1", Via: "192.0.2.53", Action: "nxdomain", Mode: "enforce",
		Lookalike:   event.Lookalike{Protected: "mil", Intended: "army.mil", Kind: "omission", Distance: 1, Policy: "p"},
		Counterpart: "exists", Name: "army.ml", Question: "army.ml", Record: "MX", Type: "MX", Types: []string{"MX"}, ResponseCode: "NXDOMAIN",
		Server: "dns://:53", View: "view", Parts: make([]event.Part, 2),
	}
	written := map[string]bool{"message": true}
	for _, smtp := range []*event.SMTP{nil, {Helo: "relay", Sender: "corp.example", Recipient: "army.ml"}} {
		e.SMTP = smtp
		for _, a := range e.Attributes("host") {
			written[a.Key] = true
		}
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(readme(t, "Events"), -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			documented = append(documented, strings.Trim(name, "`"))
		}
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(written)), documented)
}

// TestReadmeMetrics: the metrics and labels that are documented are those that are registered.
func TestReadmeMetrics(t *testing.T) {
	var documented, registered []string
	for _, m := range regexp.MustCompile("(?m)^\\* `([a-z_]+)\\{([a-z_, ]*)\\}`").FindAllStringSubmatch(readme(t, "Metrics"), -1) {
		documented = append(documented, m[1]+" "+strings.ReplaceAll(m[2], " ", ""))
	}
	described := regexp.MustCompile(`fqName: "([^"]*)".*variableLabels: \{([^}]*)\}`)
	for _, c := range collectors() {
		descs := make(chan *prometheus.Desc, 1)
		c.Describe(descs)
		m := described.FindStringSubmatch((<-descs).String())
		require.NotNil(t, m)
		registered = append(registered, m[1]+" "+m[2])
	}
	slices.Sort(documented)
	slices.Sort(registered)
	assert.Equal(t, registered, documented)
	for _, reason := range policy.ServerReasons() {
		assert.Contains(t, readme(t, "Metrics"), "`"+reason.String()+"`")
	}
}

// TestReadmeMetadata: the labels that are documented are those that are set.
func TestReadmeMetadata(t *testing.T) {
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\* `typoguard/([a-z]+)`").FindAllStringSubmatch(readme(t, "Metadata"), -1) {
		documented = append(documented, m[1])
	}
	ctx := metadata.ContextWithMetadata(t.Context())
	ask(t, ctx, handler(t, "typoguard {\nprotect mil\n}"), question("army.ml.", dns.TypeMX))
	var set []string
	for label := range metadata.ValueFuncs(ctx) {
		set = append(set, strings.TrimPrefix(label, "typoguard/"))
	}
	assert.ElementsMatch(t, set, documented)
}
