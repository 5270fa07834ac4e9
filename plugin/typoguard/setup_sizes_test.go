package typoguard

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/smtp"
)

// TestSizesAndDurations: every option that takes a size or a duration takes it in every form.
func TestSizesAndDurations(t *testing.T) {
	const day = 24 * time.Hour
	b, err := parseCorefile(t, t.TempDir(), `typoguard {
		protect mil
		action sinkhole 192.0.2.25
		smtp 127.0.0.1:2525
		smtp_limits session_time 1d command_time 1m30s
		require counterpart timeout 1s500ms
		reload 1d12h
		events bytes.json size 5000000000 age 1d12h
		events binary.json size 3GiB age 2w
		events decimal.json size 100MB age 30d
	}`)
	require.NoError(t, err)
	c := b.policies[0]
	config := &smtp.Config{}
	for _, s := range c.smtp.settings {
		s.apply(config)
	}
	assert.Equal(t, smtp.Limits{SessionTime: day, CommandTime: 90 * time.Second}, config.Limits)
	assert.Equal(t, 1500*time.Millisecond, c.Require.Timeout)
	assert.Equal(t, 36*time.Hour, c.lists.reload)
	var settings []string
	for _, s := range c.sinks[:3] {
		settings = append(settings, s.Settings)
	}
	assert.Equal(t, []string{"size 5000000000 keep 10 age 36h0m0s", "size 3221225472 keep 10 age 336h0m0s", "size 104857600 keep 10 age 720h0m0s"}, settings)

	size, err := parseHistorySize("3GiB")
	require.NoError(t, err)
	assert.EqualValues(t, 3<<30, size)
	age, err := parseHistoryAge("1d12h")
	require.NoError(t, err)
	assert.Equal(t, 36*time.Hour, age)
}

// TestReadmeSizes: the sizes and durations that the manual shows are such.
func TestReadmeSizes(t *testing.T) {
	_, text, found := strings.Cut(readme(t, "Syntax"), "\nA **SIZE** ")
	require.True(t, found)
	sizes, rest, found := strings.Cut(text, "A **DURATION** ")
	require.True(t, found)
	durations, _, _ := strings.Cut(rest, "\n\n")
	values := regexp.MustCompile("`([^`]*)`")
	for _, m := range values.FindAllStringSubmatch(sizes, -1) {
		_, err := args.Size(m[1])
		require.NoError(t, err)
	}
	for _, m := range values.FindAllStringSubmatch(durations, -1) {
		_, err := args.Duration(m[1])
		require.NoError(t, err)
	}
	assert.Len(t, values.FindAllString(sizes, -1), 4)
	assert.Len(t, values.FindAllString(durations, -1), 5)
}
