//go:build e2e

package between_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/resolvers"
)

// internet is signed zones from the root down, their authoritative servers, and a resolver that is the upstream of all others: it validates,
// and answers with all it knows.
type internet struct {
	upstream string // its port on the loopback address
	root     *dns.DS

	processes []*kit.Process
}

// newInternet signs the zones of pairs in a directory, and starts the servers.
func newInternet(ctx context.Context, dir string, pairs []pair) (*internet, error) {
	zones := newZones(pairs)
	in := &internet{}
	var err error
	if in.root, err = signAll(ctx, dir, zones); err != nil {
		return nil, err
	}
	if err = in.startAuthority(ctx, dir, zones); err == nil {
		err = in.startUpstream(ctx, dir)
	}
	if err == nil {
		err = in.warm(ctx, pairs)
	}
	if err != nil {
		in.stop()
		return nil, err
	}
	return in, nil
}

// stop ends the servers.
func (in *internet) stop() {
	for _, p := range in.processes {
		p.End(syscall.SIGKILL)
	}
}

// warm lets the upstream learn addresses that it adds to other answers from then on.
func (in *internet) warm(ctx context.Context, pairs []pair) error {
	for _, p := range pairs {
		if _, err := dns.ExchangeContext(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(p.navy()), dns.TypeA), "127.0.0.1:"+in.upstream); err != nil {
			return err
		}
	}
	return nil
}

// signAll writes the files of all zones, and signs those that are to be. Each needs what was said of its children's keys. It returns the
// record of the root's key.
func signAll(ctx context.Context, dir string, zones []zone) (root *dns.DS, err error) {
	for level := 3; level >= 0; level-- {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(runtime.NumCPU())
		for _, z := range zones {
			if dns.CountLabel(dns.Fqdn(z.name)) != level {
				continue
			}
			group.Go(func() error {
				key, err := z.write(ctx, dir)
				if level == 0 {
					root = key
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// write writes the file of a zone, signed if it is to be.
func (z zone) write(ctx context.Context, dir string) (*dns.DS, error) {
	if err := os.WriteFile(filepath.Join(dir, z.file()), []byte(z.records), 0o644); err != nil || !z.signed {
		return nil, err
	}
	return resolvers.Sign(ctx, dir, z.name, z.file())
}

// startAuthority starts BIND with all zones. There is a view for each server, so parents refer to their children.
func (in *internet) startAuthority(ctx context.Context, dir string, zones []zone) error {
	conf := fmt.Sprintf(`options {
	directory %q;
	listen-on port 53 { %s; %s; %s; };
	listen-on-v6 { none; };
	pid-file none;
	session-keyfile none;
	recursion no;
	dnssec-validation no;
	minimal-responses no;
	notify no;
	empty-zones-enable no;
};
controls { };
`, dir, rootServer, topServer, childServer)
	for _, server := range []string{rootServer, topServer, childServer} {
		conf += fmt.Sprintf("view %q {\nmatch-destinations { %s; };\n", server, server)
		for _, z := range zones {
			if z.server == server {
				conf += fmt.Sprintf("zone %q { type primary; file %q; };\n", dns.Fqdn(z.name), z.file())
			}
		}
		conf += "};\n"
	}
	return in.startNamed(ctx, dir, "authority", conf, rootServer+":53")
}

// startUpstream starts a BIND that resolves from the root.
func (in *internet) startUpstream(ctx context.Context, dir string) error {
	var err error
	if in.upstream, err = kit.FreePort(); err != nil {
		return err
	}
	hints := ". 86400 NS ns.root.example.\nns.root.example. 86400 A " + rootServer + "\n"
	if err := os.WriteFile(filepath.Join(dir, "hints"), []byte(hints), 0o644); err != nil {
		return err
	}
	conf := fmt.Sprintf(`options {
	directory %q;
	listen-on port %s { 127.0.0.1; };
	listen-on-v6 { none; };
	pid-file none;
	session-keyfile none;
	minimal-responses no;
	dnssec-validation yes;
};
controls { };
trust-anchors { . static-ds %d %d %d %q; };
zone "." { type hint; file "hints"; };
`, dir, in.upstream, in.root.KeyTag, in.root.Algorithm, in.root.DigestType, in.root.Digest)
	return in.startNamed(ctx, dir, "upstream", conf, "127.0.0.1:"+in.upstream)
}

// startNamed starts a BIND, and returns when it answers at an address.
func (in *internet) startNamed(ctx context.Context, dir, name, conf, address string) error {
	file := filepath.Join(dir, name+".conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return err
	}
	p, err := kit.Launch(context.WithoutCancel(ctx), nil, resolvers.BIND.Program, "-g", "-n", "1", "-c", file)
	if err != nil {
		return err
	}
	in.processes = append(in.processes, p)
	return p.Until(ctx, func() error { return ready(ctx, address) })
}

// ready returns an error unless there is an answer of substance from an address. While nobody listens there yet, the client's own port may be
// the very one that it asks: then it reads its own query.
func ready(ctx context.Context, address string) error {
	reply, err := dns.ExchangeContext(ctx, new(dns.Msg).SetQuestion("example.", dns.TypeNS), address)
	if err != nil {
		return err
	}
	if !reply.Response || reply.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("example NS: %s", reply)
	}
	return nil
}
