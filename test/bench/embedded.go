package main

import "context"

// measureEmbedded compares a CoreDNS with the plugin that has a policy with the same that has none.
func measureEmbedded(ctx context.Context, cpus cpus, files files, s settings) ([]result, error) {
	guarded := policy(files.protected, s.distance, "") + resolver
	servers, stop, err := startAll(ctx, s.embedded, cpus.servers, guarded, resolver, usual+guarded, usual+resolver)
	if err != nil {
		return nil, err
	}
	defer stop()
	return compareAll(ctx, cpus.load, s, []comparison{
		{name: "ordinary names, with *cache* alone", queries: files.ordinary, rcode: "NOERROR", ours: servers[0], theirs: servers[1], required: 0.98},
		{name: "ordinary names, with *errors* and *prometheus*", queries: files.ordinary, rcode: "NOERROR", ours: servers[2], theirs: servers[3], required: 0.98},
	})
}
