// Package builtin has lists of suffixes that come with the plugin: public facts, of which each list names the source and the
// day. None is in use unless a policy names it.
package builtin

import (
	"embed"
	"path"
	"strings"
)

//go:embed lists/*.txt
var lists embed.FS

// Names returns the names of the lists, in alphabetical order.
func Names() []string {
	entries, _ := lists.ReadDir("lists") // which is in the binary
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

// Read returns a list, in the form of list files, and false if there is none of that name.
func Read(name string) ([]byte, bool) {
	content, err := lists.ReadFile(path.Join("lists", name+".txt"))
	return content, err == nil
}
