// Package confusables has Unicode's own table of what characters look like, for tests to hold ours to. It is kept as Unicode
// published it, confusables.txt of version 17.0.0, under the license beside it; the copy is that of ICU 78.3 in Debian:
//
//	curl -sSf http://deb.debian.org/debian/pool/main/i/icu/icu_78.3.orig.tar.gz | tar xz icu/source/data/unidata/confusables.txt
//	gzip -9n < icu/source/data/unidata/confusables.txt > confusables.txt.gz
package confusables

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

//go:embed confusables.txt.gz
var compressed []byte

// Table returns what each character that looks like another one, or several, looks like.
var Table = sync.OnceValue(func() map[rune]string {
	table, err := read()
	if err != nil {
		panic(err) // the file is part of the program
	}
	return table
})

// Skeleton returns what a text looks like (UTS #39 section 4), in whatever case.
func Skeleton(text string) string {
	var s strings.Builder
	for _, r := range norm.NFD.String(text) {
		if looks, ok := Table()[r]; ok {
			s.WriteString(looks)
		} else {
			s.WriteRune(r)
		}
	}
	return norm.NFD.String(s.String())
}

// read reads the file, of which every line that is not a comment is a character, what it looks like, and "MA".
func read() (map[rune]string, error) {
	file, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	table := map[rune]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		fields := strings.Split(line, ";")
		if len(fields) != 3 {
			return nil, fmt.Errorf("%q; expected three fields", line)
		}
		from, err := parse(fields[0])
		if err != nil {
			return nil, err
		}
		to, err := parse(fields[1])
		if err != nil {
			return nil, err
		}
		table[from[0]] = string(to)
	}
	return table, lines.Err()
}

// parse reads characters given by their code points.
func parse(text string) ([]rune, error) {
	var characters []rune
	for point := range strings.FieldsSeq(text) {
		r, err := strconv.ParseInt(point, 16, 32)
		if err != nil {
			return nil, fmt.Errorf("%q; expected code points: %w", text, err)
		}
		characters = append(characters, rune(r))
	}
	if len(characters) == 0 {
		return nil, fmt.Errorf("%q; expected a code point", text)
	}
	return characters, nil
}
