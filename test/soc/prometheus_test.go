//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// sample is one series of the result of a query, with its value.
type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"` // time and, as text, value
}

// query asks for the value of an expression now.
func (p *prometheus) query(ctx context.Context, expression string) ([]sample, error) {
	var reply struct {
		Data struct {
			Result []sample `json:"result"`
		} `json:"data"`
	}
	err := get(ctx, "http://"+p.address+"/api/v1/query?query="+url.QueryEscape(expression), &reply)
	return reply.Data.Result, err
}

// values returns the values of a label.
func (p *prometheus) values(ctx context.Context, label, series string) ([]string, error) {
	var reply struct {
		Data []string `json:"data"`
	}
	err := get(ctx, "http://"+p.address+"/api/v1/label/"+label+"/values?match[]="+url.QueryEscape(series), &reply)
	return reply.Data, err
}

// TestRules runs the cases of the alerts.
func TestRules(t *testing.T) {
	top, err := kit.Root()
	require.NoError(t, err)
	dir := filepath.Join(top, "deploy", "prometheus")
	for _, args := range [][]string{{"check", "rules", filepath.Join(dir, "rules.yml")}, {"test", "rules", filepath.Join(dir, "rules_test.yml")}} {
		output, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput()
		require.NoError(t, err, string(output))
	}
}

// dashboard is what this test reads of one.
type dashboard struct {
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []struct {
		Title   string
		Type    string
		Targets []struct{ Expr string }
	}
}

// atWork is the row of the dashboard of which every query returns more than zero under load. In the others much is an error that
// does not happen.
const atWork = "SMTP listener"

// TestDashboard: every query of the dashboard returns data, of a Prometheus that scrapes a server under load, and so does
// every query for the values of a variable.
func TestDashboard(t *testing.T) {
	ctx, s := start(t)
	deliver(t, ctx, s)
	crowd(t, ctx, s)
	var d dashboard
	require.NoError(t, json.Unmarshal([]byte(repository(t, "deploy", "grafana", "typoguard.json")), &d))

	variables := map[string]string{"$__rate_interval": "10s", "$__range": "1m"}
	for _, v := range d.Templating.List {
		if v.Type == "datasource" {
			continue
		}
		series, label, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v.Definition, "label_values("), ")"), ", ")
		require.True(t, found, v.Definition)
		var values []string
		require.Eventually(t, func() bool {
			var err error
			values, err = s.prometheus.values(ctx, label, substitute(series, variables))
			return err == nil && len(values) > 0
		}, kit.Patience, wink, v.Name)
		variables["$"+v.Name] = strings.Join(values, "|")
	}
	rows, row := 0, ""
	for _, panel := range d.Panels {
		if panel.Type == "row" {
			rows++
			row = panel.Title
			continue
		}
		require.NotEmpty(t, panel.Targets, panel.Title)
		for _, target := range panel.Targets {
			expression := substitute(target.Expr, variables)
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				samples, err := s.prometheus.query(ctx, expression)
				require.NoError(c, err)
				require.NotEmpty(c, samples, expression)
				assert.True(c, row != atWork || slices.ContainsFunc(samples, func(s sample) bool { return s.Value[1] != "0" }), expression)
				assert.False(c, slices.ContainsFunc(samples, func(s sample) bool { return s.Value[1] == "NaN" }), expression)
			}, kit.Patience, wink, panel.Title)
		}
	}
	assert.Equal(t, 8, rows)
	assert.Equal(t, atWork, row, "the last one")
}

// substitute puts values in the place of Grafana's variables.
func substitute(text string, variables map[string]string) string {
	for name, value := range variables {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// TestAlerts: a new client is alerted of within seconds, and so is a list that is refused, in the rule's five minutes.
func TestAlerts(t *testing.T) {
	ctx, s := start(t)
	deliver(t, ctx, s)
	firing := func(name, state string) func() bool {
		return func() bool {
			alerts, err := s.prometheus.alerts(ctx)
			require.NoError(t, err)
			return slices.ContainsFunc(alerts, func(a alert) bool { return a.Labels["alertname"] == name && a.State == state })
		}
	}
	require.Eventually(t, firing("TypoguardNewClient", "firing"), kit.Patience, wink)
	writeList(t, s, "army..mil\n")
	require.Eventually(t, firing("TypoguardReloadFailed", "pending"), kit.Patience, wink)
	writeList(t, s, "politie.nl\n")
	require.Eventually(t, func() bool { return !firing("TypoguardReloadFailed", "pending")() }, kit.Patience, wink)
}
