package main

import "context"

// clients is the number of ports that queries come from: the kernel chooses the socket by the port, so there are to be several for each.
const clients = 32

// measureSockets compares as many sockets as there are CPUs with one.
func measureSockets(ctx context.Context, binary string, cpus cpus, files files, s settings) ([]result, error) {
	const several = "    multisocket\n"
	guarded := usual + policy(files.protected, s.distance, "") + resolver
	servers, stop, err := startAll(ctx, binary, cpus.all, several+guarded, guarded)
	if err != nil {
		return nil, err
	}
	defer stop()
	return compareAll(ctx, cpus.all, s, []comparison{
		{name: "ordinary names, to several sockets", queries: files.ordinary, rcode: "NOERROR", ours: servers[0], theirs: servers[1], clients: clients},
		{name: "lookalikes, to several sockets", queries: files.lookalikes, rcode: "NXDOMAIN", ours: servers[0], theirs: servers[1], clients: clients},
	})
}
