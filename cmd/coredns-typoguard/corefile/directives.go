package corefile

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
)

// RegisterCheck has the server check its Corefile before it starts, for what caddy would reject without a hint.
func RegisterCheck() {
	caddy.RegisterCaddyfileLoader("typoguard", caddy.LoaderFunc(func(string) (caddy.Input, error) {
		path := flag.Lookup("conf").Value.String()
		switch path {
		case "":
			path = caddy.DefaultConfigFile
		case "stdin":
			return nil, nil // which is read once only
		}
		input, err := read(path, nil)
		if err != nil {
			return nil, nil // CoreDNS says so
		}
		return nil, checkDirectives(input)
	}))
}

// IsUnapproved reports whether a directive's plugin needs cryptography that FIPS 140-3 does not approve, and must not be there in the mode
// in which that fails: whoever asks chooses the algorithm of tsig, and SHA-1 would end the process.
func IsUnapproved(directive string) bool { return directive == "tsig" }

// checkDirectives returns an error for each directive that does not exist, if more can be said about it than that.
func checkDirectives(input caddy.Input) error {
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
