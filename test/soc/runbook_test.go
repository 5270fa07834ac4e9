package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// repository returns a file of the repository.
func repository(t *testing.T, path ...string) string {
	t.Helper()
	top, err := kit.Root()
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(append([]string{top}, path...)...))
	require.NoError(t, err)
	return string(content)
}

// find returns what an expression finds in a text: its first group.
func find(text, expression string) []string {
	var all []string
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestRunbook: every alert has a section that its runbook_url leads to, and a case that it fires in; and no section is left
// of an alert that is gone.
func TestRunbook(t *testing.T) {
	rules, cases := repository(t, "deploy", "prometheus", "rules.yml"), repository(t, "deploy", "prometheus", "rules_test.yml")
	alerts := find(rules, `(?m)^      - alert: (\w+)$`)
	require.NotEmpty(t, alerts)
	var anchors []string
	for _, alert := range alerts {
		anchors = append(anchors, strings.ToLower(alert))
	}
	assert.Equal(t, anchors, find(rules, `(?m)^ *runbook_url: https://github\.com/typoguard/coredns-typoguard/blob/main/docs/soc\.md#(\w+)$`))
	assert.ElementsMatch(t, alerts, find(repository(t, "docs", "soc.md"), `(?m)^### (\w+)$`))
	firing := find(cases, `alertname: (\w+)\n +exp_alerts:`)
	for _, alert := range alerts {
		assert.Contains(t, firing, alert, "a case in which it fires")
	}
}

// TestMetricsExist: the rules and the dashboard ask for metrics that the plugin's manual has.
func TestMetricsExist(t *testing.T) {
	documented := find(repository(t, "plugin", "typoguard", "README.md"), "(?m)^\\* `(coredns_typoguard_\\w+)\\{")
	for _, text := range []string{repository(t, "deploy", "prometheus", "rules.yml"), repository(t, "deploy", "grafana", "typoguard.json")} {
		names := find(text, `\b(coredns_typoguard_\w+?)(?:_bucket|_sum|_count)?\b`)
		require.NotEmpty(t, names)
		assert.Subset(t, documented, names)
	}
}
