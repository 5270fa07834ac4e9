// Command coredns-typoguard is CoreDNS with the typoguard plugin and a chosen set of others, for use as the resolver of
// mail servers. It takes the flags of coredns. With a command (check…) it applies the policies of a Corefile without starting a
// server.
package main

import (
	"crypto/fips140"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
	_ "time/tzdata" // for until=DATE where the system has no time zones, as in a container

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/service"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/tuning"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// stopTimeout is how long the process has to end by default.
const stopTimeout = 10 * time.Second

// version is set by the linker.
var version = "devel"

func main() {
	if err := configure(); err != nil {
		fmt.Fprintf(os.Stderr, "coredns-typoguard: %v\n", err)
		os.Exit(1)
	}
	if isCommand(os.Args[1:]) {
		os.Exit(runCommand(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	describeCommands()
	corefile.RegisterCheck()
	stopper := &service.Stopper{Flush: typoguard.Stop}
	addFlags(flag.CommandLine, stopper)
	stopper.Listen()
	go stopper.Run()
	service.Announce()
	tuning.Release()
	if slices.Contains(os.Args[1:], "-version") || slices.Contains(os.Args[1:], "--version") {
		writeCryptography(os.Stderr) // standard output has CoreDNS's version only, for scripts
		writeOrigins(os.Stderr)
	}
	defer tuning.Garbage()()
	coremain.Run()
}

// addFlags adds our flags to those of CoreDNS.
func addFlags(set *flag.FlagSet, stopper *service.Stopper) {
	set.Bool("share-ports", false, "Serve ports that another process serves, too, for a rolling restart")
	set.DurationVar(&stopper.Timeout, "stop-timeout", stopTimeout, "End the process so long after SIGTERM or SIGINT at the latest; 0 for never")
}

// writeCryptography says, of a program that make fips has built or that GODEBUG asks to act like one, which module of cryptography it uses.
func writeCryptography(to io.Writer) {
	switch {
	case fips140.Enforced():
		fmt.Fprintf(to, "FIPS 140-3: Go Cryptographic Module %s, fips140=only: other cryptography fails\n", fips140.Version())
	case fips140.Enabled():
		fmt.Fprintf(to, "FIPS 140-3: Go Cryptographic Module %s, fips140=on: other cryptography is not prevented\n", fips140.Version())
	}
}

// writeOrigins says where the data of others in the binary is from: their licences ask for that.
func writeOrigins(to io.Writer) {
	for _, origin := range popular.Origins() {
		fmt.Fprintf(to, "popular domains: %s\n", origin)
	}
}

// configure sets the order of CoreDNS's plugins, and the version.
func configure() error {
	order, err := directives(dnsserver.Directives)
	if err != nil {
		return err
	}
	if fips140.Enforced() {
		order = slices.DeleteFunc(order, typoguard.IsUnapproved)
	}
	caddy.AppVersion = coremain.CoreVersion + "+typoguard-" + version
	return dnsserver.SetDirectives(order)
}
