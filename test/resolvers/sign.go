package resolvers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/miekg/dns"
)

// Sign signs a zone whose file is in a directory, in place, with a new key, and returns the record that the parent has of that. What
// was returned for zones below it, signed in the same directory, is added to it.
func Sign(ctx context.Context, dir, zone, file string) (*dns.DS, error) {
	key, err := run(ctx, dir, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-L", "86400", dns.Fqdn(zone))
	if err != nil {
		return nil, err
	}
	key = strings.TrimSpace(key)
	file = filepath.Join(dir, file)
	records, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	public, err := os.ReadFile(filepath.Join(dir, key+".key"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, append(records, public...), 0o644); err != nil {
		return nil, err
	}
	// -z lets the one key sign everything; -g takes the DS records of the children.
	if _, err = run(ctx, dir, "dnssec-signzone", "-q", "-z", "-g", "-o", dns.Fqdn(zone), "-f", file, file, key); err != nil {
		return nil, err
	}
	set, err := os.Open(filepath.Join(dir, "dsset-"+dns.Fqdn(zone)))
	if err != nil {
		return nil, err
	}
	defer set.Close()
	rr, err := dns.ReadRR(set, "")
	if err != nil {
		return nil, err
	}
	return rr.(*dns.DS), nil
}

// run runs a program of BIND in a directory, and returns what it prints.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, stderr.Bytes())
	}
	return stdout.String(), nil
}
