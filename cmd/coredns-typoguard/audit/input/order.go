package input

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rotated is the name of a log that logrotate or newsyslog has put aside: mail.log.2.gz, mail.log-20261121.zst.
var rotated = regexp.MustCompile(`^(.*?)[.-](\d{1,3}|\d{4}-?\d{2}-?\d{2}(?:-\d+)?)(?:\.(?:gz|zst|xz|bz2|lz4))?$`)

// turn is the place of a file among the files of one log.
type turn struct {
	log    string // the path of the one that is written to
	date   string // of a name with a date
	number int    // of a name with a number: the greater, the older
	aside  bool
}

func turnOf(path string) turn {
	dir, name := filepath.Split(path)
	m := rotated.FindStringSubmatch(name)
	if m == nil {
		return turn{log: path}
	}
	t := turn{log: dir + m[1], aside: true}
	if n, err := strconv.Atoi(m[2]); err == nil && len(m[2]) <= 3 {
		t.number = n
	} else {
		t.date = strings.ReplaceAll(m[2], "-", "")
	}
	return t
}

// Order returns files with those of one log side by side, the oldest first, where the log's first file was. Others stay in
// their order.
func Order(paths []string) []string {
	first := map[string]int{}
	for i, path := range paths {
		if log := turnOf(path).log; !hasKey(first, log) {
			first[log] = i
		}
	}
	ordered := slices.Clone(paths)
	slices.SortStableFunc(ordered, func(a, b string) int {
		s, t := turnOf(a), turnOf(b)
		return cmp.Or(
			cmp.Compare(first[s.log], first[t.log]),
			compareBool(t.aside, s.aside), // the one that is written to comes last
			cmp.Compare(s.date, t.date),
			cmp.Compare(t.number, s.number),
		)
	})
	return ordered
}

func hasKey(m map[string]int, key string) bool {
	_, ok := m[key]
	return ok
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
