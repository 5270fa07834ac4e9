// Command generate fetches what the review page has of others, the chart library uPlot, from the npm registry.
//
//	go generate ./plugin/typoguard/review
//
// It needs npm. Nothing of the package is run.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The release that is in use, and its files. The module is not the minified one, so that it can be read.
const (
	source  = "uplot"
	version = "1.6.32"
	target  = "assets/uplot"
)

var files = []string{"LICENSE", "dist/uPlot.esm.js", "dist/uPlot.min.css"}

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate replaces the files.
func generate() (err error) {
	dir, err := os.MkdirTemp("", "typoguard-assets-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	install := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", dir, source+"@"+version)
	if output, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install: %w: %s", err, output)
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(dir, "node_modules", source, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(target, filepath.Base(name)), content, 0o644); err != nil { //nolint:gosec // part of the source
			return err
		}
	}
	return nil
}
