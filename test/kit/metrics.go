package kit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// Metrics are the samples a server has, by series as it prints them.
type Metrics map[string]float64

// Scrape returns the metrics at an address, or an error if there are none right now, as while a server reloads its Corefile.
func Scrape(ctx context.Context, address string) (Metrics, error) {
	status, text, err := Get(ctx, "http://"+address+"/metrics")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("metrics: status %d", status)
	}
	return ParseMetrics(text)
}

// Get asks a web server over a connection of its own, and returns the status and the body of the reply.
func Get(ctx context.Context, url string) (status int, body string, err error) {
	client := &http.Client{Timeout: Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	reply, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	return reply.StatusCode, string(content), err
}

// ParseMetrics reads the text format of Prometheus.
func ParseMetrics(text string) (Metrics, error) {
	found := Metrics{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		found[line[:max(end, 0)]] = value
	}
	return found, nil
}

// With returns the series of a metric that have the given labels, as in `type="MX"`.
func (m Metrics) With(name string, labels ...string) Metrics {
	found := Metrics{}
	for series, value := range m {
		metric, rest, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		has := strings.Split(rest, ",")
		lacks := func(label string) bool { return !slices.Contains(has, label) }
		if metric == name && !slices.ContainsFunc(labels, lacks) {
			found[series] = value
		}
	}
	return found
}

// Sum adds up the series of a metric that have the given labels. There must be some.
func (m Metrics) Sum(t require.TestingT, name string, labels ...string) int {
	found := m.With(name, labels...)
	require.NotEmptyf(t, found, "no series of %s with %s", name, labels)
	var sum float64
	for _, value := range found {
		sum += value
	}
	return int(sum)
}
