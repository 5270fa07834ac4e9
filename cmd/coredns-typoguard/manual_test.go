package main

import (
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/service"
)

// TestManualPages: each command has a page, which has all that the command takes; and the page of the server has its flags and the commands.
func TestManualPages(t *testing.T) {
	dir := t.TempDir()
	status, _, errs := runCLI(t, "", "manual", dir)
	require.Zero(t, status, errs)
	read := func(name string) string {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(text)
	}
	list := read(dir + "/commands.md")
	pages := 0
	for _, c := range commands(nil, io.Discard, io.Discard).VisibleCommands() {
		if c.Name == "completion" {
			continue
		}
		pages++
		page := read(dir + "/coredns-typoguard-" + c.Name + ".8.md")
		assert.Contains(t, list, "**coredns-typoguard-"+c.Name+"**(8)\n: ", "the list")
		assert.True(t, strings.HasPrefix(page, "# NAME\n\ncoredns-typoguard-"+c.Name+" - "+c.Usage), page)
		assert.Zero(t, strings.Count(page, "```")%2, "%s: a code block has no end", c.Name)
		assert.Contains(t, page, "\n**-help**, **-h**\n: show help\n")
		for _, f := range c.VisibleFlags() {
			for _, name := range f.Names() {
				assert.Contains(t, page, "**-"+name+"**", c.Name)
			}
		}
		status := page[strings.Index(page, "# EXIT STATUS\n\n"):]
		assert.Regexp(t, `(?s)^# EXIT STATUS\n\n0.*[12].*\n# SEE ALSO`, status, c.Name)
	}
	assert.Contains(t, read(dir+"/coredns-typoguard-check.8.md"), "\n**-type** *TYPE*\n: check a query of this TYPE (default: \"MX\")\n")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, pages+1)

	server := read("../../deploy/package/coredns-typoguard.8.md")
	ours := flag.NewFlagSet("", flag.ContinueOnError)
	addFlags(ours, new(service.Stopper))
	for _, set := range []*flag.FlagSet{flag.CommandLine, ours} {
		set.VisitAll(func(f *flag.Flag) {
			if !strings.HasPrefix(f.Name, "test.") && f.Name != "update" {
				assert.Contains(t, server, "**-"+f.Name+"**", "the page of the server")
			}
		})
	}
	for _, args := range [][]string{{"manual"}, {"manual", dir, dir}, {"manual", dir + "/missing"}} {
		status, _, _ := runCLI(t, "", args...)
		assert.Equal(t, 2, status, args)
	}
}
