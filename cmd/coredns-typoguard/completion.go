package main

import (
	"bytes"
	"context"
	"strings"

	"github.com/urfave/cli/v3"
)

// wordsByPackage is how the script for bash has the package bash-completion split the line. It uses nothing of that but the word at the cursor,
// which it knows already; so it can do without the package.
const (
	wordsByPackage = `_get_comp_words_by_ref "$@" cur prev words cword`
	wordsIfThere   = `! declare -F _get_comp_words_by_ref >/dev/null || ` + wordsByPackage
)

// configureCompletion shows the command completion in help, and has its script for bash work without the package bash-completion.
func configureCompletion(completion *cli.Command) {
	completion.Hidden = false
	for _, shell := range completion.Commands {
		if shell.Name != "bash" {
			continue
		}
		write := shell.Action
		shell.Action = func(ctx context.Context, c *cli.Command) error {
			root := c.Root()
			out := root.Writer
			defer func() { root.Writer = out }()
			var script bytes.Buffer
			root.Writer = &script
			if err := write(ctx, c); err != nil {
				return err
			}
			_, err := strings.NewReplacer(wordsByPackage, wordsIfThere).WriteString(out, script.String())
			return err
		}
	}
}
