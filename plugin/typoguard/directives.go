package typoguard

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
)

// IsUnapproved reports whether a directive's plugin needs cryptography that FIPS 140-3 does not approve, and must not be there in the mode
// in which that fails: whoever asks chooses the algorithm of tsig, and SHA-1 would end the process.
func IsUnapproved(directive string) bool { return directive == "tsig" }

// CheckDirectives returns an error for each directive of a Corefile that does not exist, if more can be said about it than that: caddy
// rejects it without a hint.
func CheckDirectives(input caddy.Input) error {
	blocks, err := caddyfile.Parse(input.Path(), bytes.NewReader(input.Body()), nil)
	if err != nil {
		return nil // caddy finds the same
	}
	known := caddy.ValidDirectives(input.ServerType())
	var wrong []error
	for _, block := range blocks {
		for name, tokens := range block.Tokens {
			hint := args.DidYouMean(name, known)
			if IsUnapproved(name) {
				hint = " (which FIPS 140-3 does not approve: GODEBUG=fips140=only)"
			}
			if hint == "" || slices.Contains(known, name) {
				continue
			}
			file := input.Path()
			if tokens[0].File != "" { // an imported one
				file = tokens[0].File
			}
			wrong = append(wrong, fmt.Errorf("%s:%d - Error during parsing: Unknown directive '%s'%s", file, tokens[0].Line, name, hint))
		}
	}
	return errors.Join(wrong...)
}

// explainFailure logs what can be said of directives that do not exist, after a reload of the Corefile that failed.
func explainFailure() error {
	for _, running := range caddy.Instances() {
		path := running.Caddyfile().Path()
		content, err := os.ReadFile(path)
		if err != nil {
			continue // standard input, or CoreDNS says so
		}
		input := caddy.CaddyfileInput{Contents: content, Filepath: path, ServerTypeName: running.Caddyfile().ServerType()}
		if err := CheckDirectives(input); err != nil {
			log.Error(err)
		}
	}
	return nil
}
