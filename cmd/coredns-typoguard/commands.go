package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/coredns/caddy"

	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/advise"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/check"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/doctor"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/export"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/health"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/manual"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/rpz"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
)

// exitError is the exit status of errors. As with grep, a command that finds something exits with another status.
const exitError = 2

// isCommand reports whether the arguments, without the program's name, call a command: CoreDNS itself takes only flags. Shell
// completion scripts put their flag last.
func isCommand(args []string) bool {
	return len(args) > 0 && (!strings.HasPrefix(args[0], "-") || slices.Contains(args, "--generate-shell-completion"))
}

// commands returns the root of all commands, which write to out and errs.
func commands(in io.Reader, out, errs io.Writer) *cli.Command {
	root := &cli.Command{
		Name:  "coredns-typoguard",
		Usage: "CoreDNS that hides domains that look like mistyped protected ones",
		UsageText: "coredns-typoguard [-conf Corefile] [-dns.port PORT] [-quiet] …   run the server; -help lists CoreDNS's flags\n" +
			"coredns-typoguard COMMAND [OPTION...] [ARGUMENT...]",
		Version:                         caddy.AppVersion,
		Commands:                        []*cli.Command{check.Command(), advise.Command(), audit.Command(), rpz.Command(), export.Command(), doctor.Command(), health.Command(), manual.Command()},
		EnableShellCompletion:           true,
		ConfigureShellCompletionCommand: configureCompletion,
		Action: func(_ context.Context, c *cli.Command) error {
			name, known := c.Args().First(), commandNames(c)
			return fmt.Errorf("unknown command %q%s; expected one of %s", name, args.DidYouMean(name, known), strings.Join(known, ", "))
		},
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // the caller reports it
		Reader:         in, Writer: out, ErrWriter: errs,
	}
	for _, command := range root.Commands {
		command.HideHelpCommand = true
		command.OnUsageError = func(_ context.Context, c *cli.Command, err error, _ bool) error {
			return fmt.Errorf("%w%s; see %s -help", err, meantOption(c, err), c.FullName())
		}
	}
	return root
}

// unknownOption begins the errors about options that a command does not have.
const unknownOption = "flag provided but not defined: -"

// meantOption returns what to say behind an error about an option, if one of the command's looks like it.
func meantOption(c *cli.Command, err error) string {
	name, ok := strings.CutPrefix(err.Error(), unknownOption)
	if !ok {
		return ""
	}
	var known []string
	for _, f := range c.VisibleFlags() {
		known = append(known, f.Names()...)
	}
	return args.DidYouMean(strings.TrimPrefix(name, "-"), known)
}

// commandNames returns the names of the commands of root.
func commandNames(root *cli.Command) []string {
	var names []string
	for _, c := range root.VisibleCommands() {
		names = append(names, c.Name)
	}
	return names
}

// runCommand runs the command that the arguments call, and returns the exit status. The first argument is the program's name.
func runCommand(args []string, in io.Reader, out, errs io.Writer) int {
	err := commands(in, out, errs).Run(context.Background(), args)
	var status cli.ExitCoder
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status) && status.Error() == "":
		return status.ExitCode()
	}
	fmt.Fprintf(errs, "%s: %v\n", strings.Join(args[:min(2, len(args))], " "), err)
	return exitError
}

// describeCommands adds the commands to CoreDNS's -help.
func describeCommands() {
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Usage of %s:\n", os.Args[0])
		flag.PrintDefaults()
		fmt.Fprintln(flag.CommandLine.Output(), "\nCommands (each has its own -help):")
		for _, c := range commands(nil, io.Discard, io.Discard).VisibleCommands() {
			fmt.Fprintf(flag.CommandLine.Output(), "  %-8s %s\n", c.Name, c.Usage)
		}
	}
}
