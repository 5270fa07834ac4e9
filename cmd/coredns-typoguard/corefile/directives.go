package corefile

import (
	"flag"
	"sync/atomic"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// RegisterCheck has the server check its Corefile before it starts, for what caddy would reject without a hint. Later the plugin reload
// loads the Corefile again and again, and would say nothing of an error in that; typoguard explains a reload that has failed.
func RegisterCheck() {
	var checked atomic.Bool
	caddy.RegisterCaddyfileLoader("typoguard", caddy.LoaderFunc(func(string) (caddy.Input, error) {
		path := flag.Lookup("conf").Value.String()
		switch path {
		case "":
			path = caddy.DefaultConfigFile
		case "stdin":
			return nil, nil // which is read once only
		}
		if checked.Swap(true) {
			return nil, nil
		}
		input, err := read(path, nil)
		if err != nil {
			return nil, nil // CoreDNS says so
		}
		return nil, typoguard.CheckDirectives(input)
	}))
}
