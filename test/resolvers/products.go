// Package resolvers runs DNS resolvers as processes on the loopback address, for tests and comparisons: coredns-typoguard,
// and those of Debian that know response policy zones.
package resolvers

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// conf has a directory with the configuration of each product.
//
//go:embed conf
var conf embed.FS

// Product is a resolver, and how to run it. In its configuration, and in the arguments, $dir is the directory of the former,
// $port the port to serve at, and $upstream the port of the only upstream, on the loopback address if not on $address. The others are
// variables of the caller: $zone is the file of the response policy zone, and $policy the policy of typoguard.
type Product struct {
	// Name is what people call it, and Program what the shell does.
	Name, Program string
	// Debian is the package it is in; empty if in none.
	Debian string

	conf    string // the directory of its configuration
	root    string // where its packages are unpacked, if they are not installed
	args    []string
	version []string // arguments that make it print its version
}

// All but the first hide a name without resolving it first, and answer validators too: BIND would do neither by default,
// and be slow and incomplete. Otherwise they have their defaults, but that they validate nothing, fetch nothing, and keep
// no files elsewhere.
var (
	// Typoguard is configured as a resolver would be. Its program has to be built; see Build.
	Typoguard = Product{
		Name: "CoreDNS with typoguard", Program: "coredns-typoguard",
		conf: "typoguard", args: []string{"-conf", "$dir/Corefile"}, version: []string{"-version"},
	}
	// BIND is BIND 9.
	BIND = Product{
		Name: "BIND 9", Program: "named", Debian: "bind9",
		conf: "bind", args: []string{"-g", "-n", "1", "-c", "$dir/named.conf"}, version: []string{"-v"},
	}
	// Unbound is configured with the module that knows response policy zones, respip, which it has not by default.
	Unbound = Product{
		Name: "Unbound", Program: "unbound", Debian: "unbound",
		conf: "unbound", args: []string{"-d", "-c", "$dir/unbound.conf"}, version: []string{"-V"},
	}
	// PowerDNS is PowerDNS Recursor.
	PowerDNS = Product{
		Name: "PowerDNS Recursor", Program: "pdns_recursor", Debian: "pdns-recursor",
		conf: "powerdns", args: []string{"--config-dir=$dir", "--daemon=no"}, version: []string{"--version"},
	}
	// Knot is Knot Resolver.
	Knot = Product{
		Name: "Knot Resolver", Program: "kresd", Debian: "knot-resolver",
		conf: "knot", args: []string{"-n", "-c", "$dir/kresd.conf", "$dir"}, version: []string{"-V"},
	}
)

// CheckPrograms returns an error that names the Debian packages of products, and of other programs, that are not
// installed. Programs of root's path are found from then on.
func CheckPrograms(products []Product, others map[string]string) error {
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		return err
	}
	packages := maps.Clone(others)
	if packages == nil {
		packages = map[string]string{}
	}
	for _, p := range products {
		packages[p.Program] = p.Debian
	}
	var missing []string
	for program, debian := range packages {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, debian)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("programs are missing; install the Debian packages %s", strings.Join(missing, " "))
	}
	return nil
}

// Configure writes the configuration into a directory, and returns the command line. Programs that give up root's rights can read the files, if they
// find the directory.
func (p Product) Configure(dir string, variables map[string]string) ([]string, error) {
	expand := func(text string) string { return os.Expand(text, func(name string) string { return variables[name] }) }
	files, err := fs.Sub(conf, path.Join("conf", p.conf))
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		to := filepath.Join(dir, name)
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.MkdirAll(to, 0o755)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return os.WriteFile(to, []byte(expand(string(text))), 0o644)
	})
	if err != nil {
		return nil, err
	}
	var args []string
	for _, arg := range p.args {
		args = append(args, expand(arg))
	}
	return p.command(dir, args...), nil
}

var versionNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// Version returns the version of the program.
func (p Product) Version() (string, error) {
	command := p.command("", p.version...)
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if version := versionNumber.Find(output); version != nil {
		return string(version), nil
	}
	return "", fmt.Errorf("no version in %q: %w", output, err)
}
