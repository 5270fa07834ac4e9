// Package builtin has lists of suffixes that come with the plugin. They are public facts; each list names its source and date. A list
// is used only if a policy names it.
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
	entries, _ := lists.ReadDir("lists") // embedded, so it exists
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

// Read returns a list in the format of list files. It reports false if there is no list with that name.
func Read(name string) ([]byte, bool) {
	content, err := lists.ReadFile(path.Join("lists", name+".txt"))
	return content, err == nil
}
