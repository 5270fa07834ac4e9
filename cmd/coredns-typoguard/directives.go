package main

import (
	"fmt"
	"slices"
)

// linked are the directives of the plugins in plugins.go, except typoguard's.
var linked = []string{
	"acl", "any", "auto", "bind", "bufsize", "cache", "cancel", "chaos", "debug", "dns64", "dnstap", "erratic", "errors",
	"file", "forward", "grpc", "grpc_server", "header", "health", "hosts", "https", "https3", "loadbalance", "local",
	"log", "loop", "metadata", "minimal", "multisocket", "nsid", "pprof", "prometheus", "proxyproto", "quic", "ready",
	"reload", "rewrite", "root", "secondary", "shed", "template", "timeouts", "tls", "transfer", "tsig", "view", "whoami",
}

// directives returns the linked directives in order of execution: CoreDNS's order, with typoguard directly before cache, so that
// answers that depend on the client are never cached, and every plugin that counts, logs or taps comes first. The plugin tls, which has no
// part in queries, is set up before typoguard, which adds a protocol to what listeners offer.
func directives(coredns []string) ([]string, error) {
	var order []string
	if slices.Contains(coredns, "tls") {
		order = append(order, "tls")
	}
	for _, name := range coredns {
		if name == "cache" {
			order = append(order, "typoguard")
		}
		if name != "tls" && slices.Contains(linked, name) {
			order = append(order, name)
		}
	}
	if len(order) != len(linked)+1 {
		return nil, fmt.Errorf("found %d of the %d linked directives in CoreDNS's list of plugins; expected all of them", len(order)-1, len(linked))
	}
	return order, nil
}
