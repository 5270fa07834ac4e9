package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// prometheus is a running Prometheus that scrapes the resolver.
type prometheus struct {
	*kit.Process
	address string
}

// prometheusConfig looks every second, where 15 are usual, so that what takes minutes in earnest shows within one.
const prometheusConfig = `global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [%s]
scrape_configs:
  - job_name: typoguard
    static_configs: [{targets: [%s]}]
`

// startPrometheus starts a Prometheus with its files in a directory, and returns when it is ready.
func startPrometheus(ctx context.Context, dir, rules, target string) (*prometheus, error) {
	var address string
	if err := kit.FreeAddresses(&address); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, prometheusConfig, rules, target), 0o600); err != nil {
		return nil, err
	}
	process, err := kit.Launch(ctx, nil, "prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+address, "--log.level=warn")
	if err != nil {
		return nil, err
	}
	p := &prometheus{process, address}
	return p, p.Until(ctx, func() error { return get(ctx, "http://"+address+"/-/ready", nil) })
}

// alert is an alert that is pending or firing.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
}

// alerts returns all alerts.
func (p *prometheus) alerts(ctx context.Context) ([]alert, error) {
	var reply struct {
		Data struct {
			Alerts []alert `json:"alerts"`
		} `json:"data"`
	}
	err := get(ctx, "http://"+p.address+"/api/v1/alerts", &reply)
	return reply.Data.Alerts, err
}

// get fetches JSON, unless nobody wants to read it.
func get(ctx context.Context, address string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, reply.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(reply.Body).Decode(into)
}
