// Package manual implements the hidden command manual, by which the manual pages of the other commands are made from what they are: they
// cannot tell of options that are not there, or lack any.
package manual

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

// Command returns the command.
func Command() *cli.Command {
	return &cli.Command{
		Name:      "manual",
		Usage:     "write the manual pages of the commands, in Markdown, and a list of them",
		ArgsUsage: "DIRECTORY",
		Hidden:    true,
		Action:    run,
	}
}

func run(_ context.Context, c *cli.Command) error {
	if c.NArg() != 1 {
		return errors.New("expected a DIRECTORY for the pages")
	}
	var list strings.Builder
	list.WriteString("# COMMANDS\n\n")
	for _, command := range c.Root().VisibleCommands() {
		if command.Name == "completion" {
			continue // which is the library's
		}
		page := "coredns-typoguard-" + command.Name
		fmt.Fprintf(&list, "**%s**(8)\n: %s\n\n", page, escape.Replace(command.Usage))
		if err := os.WriteFile(filepath.Join(c.Args().First(), page+".8.md"), []byte(pageOf(command)), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(c.Args().First(), "commands.md"), []byte(list.String()), 0o600)
}

// escape makes text mean itself in Markdown.
var escape = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, ">", `\>`, "[", `\[`, "]", `\]`)

// pageOf returns the manual page of a command.
func pageOf(c *cli.Command) string {
	var page strings.Builder
	description, status, _ := strings.Cut(c.Description, "Exit status: ")
	fmt.Fprintf(&page, "# NAME\n\ncoredns-typoguard-%s - %s\n\n", c.Name, escape.Replace(c.Usage))
	fmt.Fprintf(&page, "# SYNOPSIS\n\n**coredns-typoguard %s** [*OPTION*...] %s\n\n", c.Name, escape.Replace(strings.TrimSpace(c.ArgsUsage)))
	fmt.Fprintf(&page, "# DESCRIPTION\n\n%s", text(description))
	page.WriteString("# OPTIONS\n\n")
	for _, f := range c.VisibleFlags() {
		page.WriteString(option(f))
	}
	fmt.Fprintf(&page, "# EXIT STATUS\n\n%s# SEE ALSO\n\ncoredns-typoguard(8), coredns-typoguard(7)\n", text(status))
	return page.String()
}

// text returns a description in Markdown. In one, paragraphs are apart, and lines that are indented stay as they are.
func text(description string) string {
	var out strings.Builder
	literal, blank := false, ""
	for line := range strings.Lines(strings.TrimSpace(description) + "\n") {
		if line == "\n" {
			blank = line
			continue
		}
		if indented := strings.HasPrefix(line, "  "); indented != literal {
			blank = fence(literal) + "\n" + fence(indented)
			literal = indented
		}
		if !literal {
			line = escape.Replace(line)
		}
		out.WriteString(blank + line)
		blank = ""
	}
	return out.String() + fence(literal) + "\n"
}

// fence returns what begins or ends lines that stay as they are.
func fence(on bool) string {
	if on {
		return "```\n"
	}
	return ""
}

// option returns how an option is described: its names, its value, what it does, and what it is without.
func option(f cli.Flag) string {
	value, usage, initial := "", "", ""
	if documented, ok := f.(cli.DocGenerationFlag); ok {
		usage = documented.GetUsage()
		if documented.TakesValue() {
			value, usage = placeholder(usage)
			initial = documented.GetValue()
		}
	}
	var names []string
	for _, name := range f.Names() {
		names = append(names, "**-"+escape.Replace(name)+"**")
	}
	line := strings.Join(names, ", ")
	if value != "" {
		line += " *" + escape.Replace(value) + "*"
	}
	if !slices.Contains([]string{"", "0", "0s", "[]"}, initial) {
		usage += " (default: " + initial + ")"
	}
	return line + "\n: " + escape.Replace(usage) + "\n\n"
}

// placeholder returns what stands for the value in the usage of an option, in back quotes, and the usage without these.
func placeholder(usage string) (name, plain string) {
	before, rest, found := strings.Cut(usage, "`")
	name, after, closed := strings.Cut(rest, "`")
	if !found || !closed {
		return "VALUE", usage
	}
	return name, before + name + after
}
