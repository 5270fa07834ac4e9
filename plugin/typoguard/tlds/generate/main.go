// Command generate writes tlds.txt anew, from the npm package tlds, which follows IANA's list of top-level domains: from the
// release that tlds.txt is from, which changes nothing, or with -latest from the latest.
//
//	go generate ./plugin/typoguard/tlds
//
// It needs npm, and its registry.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

const (
	source = "tlds"
	target = "tlds.txt"
	// fewest is below the number of top-level domains of any year to come: a list with less is no whole one.
	fewest = 1300
)

func main() {
	latest := flag.Bool("latest", false, "take the latest release")
	flag.Parse()
	if err := generate(*latest); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate replaces the list.
func generate(latest bool) error {
	wanted := "latest"
	if !latest {
		var err error
		if wanted, err = inUse(); err != nil {
			return err
		}
	}
	version, date, err := release(wanted)
	if err != nil {
		return err
	}
	domains, err := fetch(version)
	if err != nil {
		return err
	}
	labels, err := toLabels(domains)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("# %d top-level domains of the npm package %s %s (MIT), published %s; from IANA's list\n", len(labels), source, version, date)
	return os.WriteFile(target, []byte(text+strings.Join(labels, "\n")+"\n"), 0o644) //nolint:gosec // it is part of the source
}

var origin = regexp.MustCompile(`^# .* npm package ` + source + ` ([0-9.]+) `)

// inUse returns the version that the list is from.
func inUse() (string, error) {
	text, err := os.ReadFile(target)
	if err != nil {
		return "", err
	}
	found := origin.FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s: no version in the first line; expected one of the npm package %s", target, source)
	}
	return string(found[1]), nil
}

// release returns the version of a release of the package, which is given by its version or tag, and the day of it.
func release(wanted string) (version, date string, err error) {
	output, err := exec.Command("npm", "view", "--json", source+"@"+wanted, "version", "time").Output() //nolint:gosec // a version
	if err != nil {
		return "", "", fmt.Errorf("npm view: %w", err)
	}
	var release struct {
		Version string
		Time    map[string]time.Time
	}
	if err := json.Unmarshal(output, &release); err != nil {
		return "", "", fmt.Errorf("npm view: %w", err)
	}
	return release.Version, release.Time[release.Version].Format(time.DateOnly), nil
}

// fetch returns the domains in a version of the package, of which nothing is run.
func fetch(version string) (domains []string, err error) {
	dir, err := os.MkdirTemp("", "typoguard-tlds-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	pack := exec.Command("npm", "pack", source+"@"+version, "--ignore-scripts", "--pack-destination", dir) //nolint:gosec // npm told the version
	pack.Dir = dir
	if output, err := pack.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack: %w: %s", err, output)
	}
	archive, err := os.ReadFile(filepath.Join(dir, source+"-"+version+".tgz"))
	if err != nil {
		return nil, err
	}
	index, err := extract(archive, "package/index.json")
	if err != nil {
		return nil, err
	}
	return domains, json.Unmarshal(index, &domains)
}

// extract returns a file of a tar.gz.
func extract(archive []byte, path string) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("looking for %s: %w", path, err)
		}
		if header.Name == path {
			return io.ReadAll(files)
		}
	}
}

// toLabels returns domains as A-labels, sorted, once they have been checked to be top-level domains.
func toLabels(domains []string) ([]string, error) {
	if len(domains) < fewest {
		return nil, fmt.Errorf("%d domains, expected at least %d", len(domains), fewest)
	}
	var labels []string
	for _, domain := range domains {
		label, err := idna.Registration.ToASCII(domain)
		if err != nil || strings.Contains(label, ".") {
			return nil, fmt.Errorf("%q is no top-level domain: %w", domain, err)
		}
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return slices.Compact(labels), nil
}
