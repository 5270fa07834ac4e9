package popular

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The lists begin with a line of origin. The line number, less that line, is the rank in a list that is ranked; a line is empty if what
// has that rank is no registered domain.
//
//go:embed lists/*.gz lists/*.txt
var lists embed.FS

// sources are the lists that Builtin has.
var sources = []struct {
	file   string
	ranked bool
}{
	{"majestic.gz", true},
	{"gov.gz", false},
	{"military.txt", false},
	{"universities.gz", false},
	{"organisations.txt", false},
}

// Builtin returns the domains that come with the plugin.
func Builtin() *List { return builtin() }

// builtin is the list, decompressed when it is needed first.
var builtin = sync.OnceValue(func() *List {
	var entries []entry
	for _, s := range sources {
		_, text := read(s.file)
		rank := uint32(0)
		for name := range names(text) {
			if s.ranked {
				rank++
			}
			if name != "" {
				entries = append(entries, entry{name, rank})
			}
		}
	}
	return newList(entries)
})

// Origins says where each of the built-in lists is from, with its licence and day.
func Origins() []string {
	var all []string
	for _, s := range sources {
		origin, _ := read(s.file)
		all = append(all, origin)
	}
	return all
}

// read returns a built-in list: its origin, and its lines.
func read(file string) (origin, text string) {
	content, _ := lists.ReadFile("lists/" + file) // embedded, so it exists
	if strings.HasSuffix(file, ".gz") {
		unzipped, err := gzip.NewReader(bytes.NewReader(content))
		if err == nil {
			content, err = io.ReadAll(unzipped)
		}
		if err != nil {
			panic(fmt.Sprintf("popular: lists/%s: %v", file, err)) // tests read them all
		}
	}
	origin, text, _ = strings.Cut(string(content), "\n")
	return strings.TrimPrefix(origin, "# "), text
}

// names returns the name on each line, which is "" if there is none.
func names(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if !yield(strings.TrimSpace(line)) {
				return
			}
		}
	}
}

// IsTypo reports whether a domain is known to be what people type for another one, and receives their mail. Such a domain is never
// popular, whatever its rank.
func IsTypo(name string) bool {
	_, ok := typos()[name]
	return ok
}

// Typos returns the known typos in alphabetical order.
func Typos() []string { return slices.Sorted(maps.Keys(typos())) }

// typos are the known typos.
var typos = sync.OnceValue(func() map[string]struct{} {
	_, text := read("typos.txt")
	all := map[string]struct{}{}
	for name := range names(text) {
		if name != "" {
			all[name] = struct{}{}
		}
	}
	return all
})
