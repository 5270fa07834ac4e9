// Command licences prints the NOTICE of a release: which modules the binary consists of, and the texts of their licences, as the
// sources have them. It looks at what is compiled for each system that a release is for, and fails if a module has no text.
//
//	go run ./deploy/release/licences ./cmd/coredns-typoguard linux/amd64 linux/arm64
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tags are the build tags of the Makefile.
const tags = "grpcnotrace"

// isText matches the names of files that hold a licence or a notice that has to be passed on.
var isText = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents|unlicense)([.-].*)?$`)

// listed is what go list says of a package.
type listed struct {
	Dir        string
	EmbedFiles []string
	Standard   bool
	Module     *module
}

type module struct {
	Path, Version, Dir string
	Main               bool
}

// name is how the module is called in the NOTICE.
func (m module) name() string { return strings.TrimSpace(m.Path + " " + m.Version) }

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: licences PACKAGE GOOS/GOARCH...")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "licences: %v\n", err)
		os.Exit(1)
	}
}

// write writes the NOTICE for a package.
func write(to io.Writer, pkg string, platforms []string) error {
	env, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return err
	}
	goroot, goversion, _ := strings.Cut(strings.TrimSpace(string(env)), "\n")
	standard := module{Path: "Go standard library", Version: goversion, Dir: goroot}

	modules := map[string]map[string]bool{} // the paths of its texts, by the module's name
	for _, platform := range platforms {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			return fmt.Errorf("platform %q; expected GOOS/GOARCH", platform)
		}
		if err := collect(modules, standard, pkg, goos, goarch); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	var names []string
	for name := range modules {
		names = append(names, name)
	}
	slices.Sort(names)

	var out bytes.Buffer
	fmt.Fprintf(&out, "coredns-typoguard consists of the software below. Its own licence comes with it, in the file LICENSE.\n\n")
	for _, name := range names {
		fmt.Fprintf(&out, "  %s\n", name)
	}
	for _, name := range names {
		if len(modules[name]) == 0 {
			return fmt.Errorf("%s has no licence text", name)
		}
		var paths []string
		for path := range modules[name] {
			paths = append(paths, path)
		}
		slices.Sort(paths)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, "\n%[1]s\n%[2]s: %[3]s\n%[1]s\n\n%[4]s\n", strings.Repeat("=", 100), name, filepath.Base(path), bytes.TrimSpace(text))
		}
	}
	_, err = out.WriteTo(to)
	return err
}

// collect adds the modules that a package needs on one system, and their texts.
func collect(modules map[string]map[string]bool, standard module, pkg, goos, goarch string) error {
	list := exec.Command("go", "list", "-deps", "-tags="+tags, "-json=Dir,EmbedFiles,Standard,Module", pkg) //nolint:gosec // the package is ours to choose
	list.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for packages := json.NewDecoder(bytes.NewReader(output)); ; {
		var p listed
		switch err := packages.Decode(&p); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if p.Standard {
			p.Module = &standard
		}
		if err := add(modules, p); err != nil {
			return err
		}
	}
}

// add adds the texts for one package: those in its directory, above it in its module, and beside what it embeds.
func add(modules map[string]map[string]bool, p listed) error {
	if p.Module.Main {
		return addEmbedded(modules, p)
	}
	texts := textsOf(modules, p.Module.name())
	for dir := p.Dir; ; dir = filepath.Dir(dir) {
		if err := addDir(texts, dir); err != nil {
			return err
		}
		if dir == p.Module.Dir || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// addEmbedded adds what others wrote and a package of ours embeds: it has its own text beside it.
func addEmbedded(modules map[string]map[string]bool, p listed) error {
	for _, file := range p.EmbedFiles {
		dir := filepath.Dir(filepath.Join(p.Dir, file))
		if dir == p.Dir {
			continue
		}
		texts := map[string]bool{}
		if err := addDir(texts, dir); err != nil {
			return err
		}
		for text := range texts {
			textsOf(modules, filepath.Base(dir))[text] = true
		}
	}
	return nil
}

// textsOf returns the paths of the texts of a module.
func textsOf(modules map[string]map[string]bool, name string) map[string]bool {
	if modules[name] == nil {
		modules[name] = map[string]bool{}
	}
	return modules[name]
}

// addDir adds the texts in a directory.
func addDir(texts map[string]bool, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Type() == fs.FileMode(0) && isText.MatchString(entry.Name()) && filepath.Ext(entry.Name()) != ".go" {
			texts[filepath.Join(dir, entry.Name())] = true
		}
	}
	return nil
}
