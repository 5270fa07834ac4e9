package match_test

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/test/confusables"
)

// The oracle is the definition in the package's documentation written down as plainly as possible: every suffix against
// every entry, by a full table. It shares no code with the package.

// oracle is entries and allowed suffixes, with what would be the same for every name worked out.
type oracle struct {
	entries []oracleEntry
	allowed []spelled
}

type oracleEntry struct {
	match.Entry
	spelled
	limit  int // of edits of kind Multiple
	public int // the number of labels of the public suffix, or 0 if it is one itself
	// moved and doubled are all names, in Unicode, that differ in this way, and bounded those by what is before the lost dot.
	moved, doubled [][]rune
	bounded        map[string][]rune
}

// spelled is a name in all ways that it can be compared.
type spelled struct {
	name   string
	labels []string
	forms  [][]rune // on the wire, and in Unicode if that is different
}

func spell(name string, labels []string) spelled {
	s := spelled{name, labels, [][]rune{join(labels, octets)}}
	if unicode := join(labels, characters); !slices.Equal(unicode, s.forms[0]) {
		s.forms = append(s.forms, unicode)
	}
	return s
}

func (s spelled) unicode() []rune { return s.forms[len(s.forms)-1] }

func newOracle(entries []match.Entry, allowed []string) *oracle {
	o := new(oracle)
	for _, e := range entries {
		o.entries = append(o.entries, newOracleEntry(e))
	}
	for _, suffix := range allowed {
		o.allowed = append(o.allowed, spell(suffix, oracleLabels(suffix)))
	}
	return o
}

// lookup judges a name as Index.Lookup does.
func (o *oracle) lookup(name string) match.Result {
	labels := oracleLabels(name)
	suffixes := make([]spelled, len(labels))
	for i := range labels {
		suffixes[i] = spell(name, labels[i:])
	}
	if r := o.listing(suffixes); r.Listing != match.Unlisted {
		return r
	}
	type candidate struct {
		match.Match
		entry, gap int
	}
	var found []candidate
	for n, e := range o.entries {
		for i, suffix := range suffixes {
			gap := max(len(suffix.labels)-len(e.labels), len(e.labels)-len(suffix.labels))
			if m, ok := e.match(suffix, gap); ok {
				m.Start = labelOffset(suffix.name, i)
				if m.Kind == match.Homoglyph {
					gap = 0
				}
				found = append(found, candidate{m, n, gap})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(a.Distance-b.Distance, len(b.Suffix)-len(a.Suffix), a.entry-b.entry, a.gap-b.gap)
	})
	var r match.Result
	for _, c := range found {
		r.Matches = append(r.Matches, c.Match)
	}
	return r
}

// listing finds the longest suffix of the name that is on a list.
func (o *oracle) listing(suffixes []spelled) match.Result {
	for _, suffix := range suffixes {
		for _, e := range o.entries {
			if suffix.equals(e.spelled) {
				return match.Result{Listing: match.Protected, Suffix: e.Suffix}
			}
		}
		for _, a := range o.allowed {
			if suffix.equals(a) {
				return match.Result{Listing: match.Allowed, Suffix: a.name}
			}
		}
	}
	return match.Result{}
}

// equals reports whether two names are equal, in either form.
func (s spelled) equals(t spelled) bool {
	return slices.Equal(s.forms[0], t.forms[0]) || slices.Equal(s.unicode(), t.unicode())
}

// match says what one suffix of a name looks like, whatever the others do.
func (e oracleEntry) match(suffix spelled, gap int) (match.Match, bool) {
	m := match.Match{Suffix: e.Suffix, Tag: e.Tag}
	if e.Kinds.Has(match.Homoglyph) && looks(suffix.labels) == looks(e.labels) {
		m.Kind = match.Homoglyph
		return m, true
	}
	var ok bool
	if m.Distance, m.Kind, ok = e.compare(suffix, gap); m.Kind == match.Boundary {
		m.Prefix = e.lost(suffix)
	}
	return m, ok
}

// edits measures a suffix in every pair of forms.
func (e oracleEntry) edits(suffix spelled) (int, match.Kind) {
	best, kind := 3, match.Multiple
	for _, a := range suffix.forms {
		for _, b := range e.forms {
			if len(a)-len(b) > 2 || len(b)-len(a) > 2 || lacksLabel(a, b) {
				continue
			}
			if d := plainOSA(a, b); d <= best && d <= 2 {
				best, kind = d, oracleKind(a, b, d)
			}
		}
	}
	return best, kind
}

// looks returns the skeleton of a whole name at once, in lower case, with the look-alikes in ASCII.
func looks(labels []string) string {
	var name strings.Builder
	for i, label := range labels {
		if i > 0 {
			name.WriteByte('.')
		}
		for _, r := range characters(label) {
			if r > utf8.MaxRune || r == '.' || !unicode.IsGraphic(r) {
				return "\xff" + strings.Join(labels, ".") // looks like nothing
			}
			name.WriteRune(r)
		}
	}
	lower := strings.ToLower(confusables.Skeleton(name.String()))
	return strings.NewReplacer("m", "rn", "w", "vv", "0", "o", "1", "l").Replace(lower)
}

func oracleKind(name, protected []rune, d int) match.Kind {
	switch {
	case d == 2:
		return match.Multiple
	case len(name) == len(protected)-1:
		return match.Omission
	case len(name) == len(protected)+1:
		return match.Addition
	}
	sortedName, sortedProtected := slices.Clone(name), slices.Clone(protected)
	slices.Sort(sortedName)
	slices.Sort(sortedProtected)
	if slices.Equal(sortedName, sortedProtected) {
		return match.Transposition
	}
	return match.Substitution
}

// lacksLabel reports whether a name is another with one whole label missing.
func lacksLabel(name, whole []rune) bool {
	for start := 0; start <= len(whole); {
		end := start
		for end < len(whole) && whole[end] != separator {
			end++
		}
		without := slices.Clone(whole[:max(start-1, 0)])
		if end < len(whole) {
			without = slices.Concat(whole[:start], whole[end+1:])
		}
		if slices.Equal(name, without) {
			return true
		}
		start = end + 1
	}
	return false
}

// plainOSA is the textbook recurrence over the full table.
func plainOSA(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// separator is what join puts between labels. No label can hold it, not even one with an escaped dot.
const separator = utf8.MaxRune + 0x1000

func join(labels []string, decode func(string) []rune) []rune {
	var s []rune
	for i, label := range labels {
		if i > 0 {
			s = append(s, separator)
		}
		s = append(s, decode(label)...)
	}
	return s
}

// octets returns a label as it is on the wire; octets that are not ASCII are no characters.
func octets(label string) []rune {
	var s []rune
	for _, c := range []byte(label) {
		s = append(s, octet(c))
	}
	return s
}

func octet(c byte) rune {
	if c >= utf8.RuneSelf {
		return utf8.MaxRune + 1 + rune(c)
	}
	return rune(c)
}

// characters returns a label in Unicode.
func characters(label string) []rune {
	if decoded, err := idna.Punycode.ToUnicode(label); err == nil && isASCII(label) && strings.HasPrefix(label, "xn--") && decoded != label && !isASCII(decoded) && !hidesSurrogate(decoded, label) {
		return []rune(decoded)
	}
	var s []rune
	for i, r := range label {
		if r == utf8.RuneError && !strings.HasPrefix(label[i:], string(utf8.RuneError)) {
			r = octet(label[i])
		}
		s = append(s, r)
	}
	return s
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// hidesSurrogate reports whether a decoded label has the replacement character for a surrogate, which is no character.
func hidesSurrogate(decoded, label string) bool {
	encoded, err := idna.Punycode.ToASCII(decoded)
	return strings.ContainsRune(decoded, utf8.RuneError) && (err != nil || encoded != label)
}

// oracleLabels splits a name in presentation format into its labels, as lower-case octets.
func oracleLabels(name string) []string {
	if name == "" || name == "." {
		return nil
	}
	var labels []string
	var label []byte
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '.':
			labels = append(labels, string(label))
			label = nil
			if i == len(name)-1 {
				return labels
			}
			continue
		case name[i] == '\\' && i+3 < len(name) && isDigits(name[i+1:i+4]):
			label = append(label, (name[i+1]-'0')*100+(name[i+2]-'0')*10+name[i+3]-'0')
			i += 3
		case name[i] == '\\' && i+1 < len(name):
			i++
			label = append(label, name[i])
		default:
			label = append(label, name[i])
		}
		if c := &label[len(label)-1]; 'A' <= *c && *c <= 'Z' {
			*c += 'a' - 'A'
		}
	}
	return append(labels, string(label))
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// labelOffset returns where the i-th label of a name begins.
func labelOffset(name string, i int) int {
	offset := 0
	for ; i > 0; offset++ {
		switch name[offset] {
		case '.':
			i--
		case '\\':
			if offset+3 < len(name) && isDigits(name[offset+1:offset+4]) {
				offset += 3
			} else {
				offset++
			}
		}
	}
	return offset
}
