package history

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"strings"
)

// addSearch adds a part for each word of a text to search for.
func (s *Store) addSearch(ctx context.Context, p *plan, text string) error {
	for word := range strings.FieldsSeq(clean(text)) {
		if network, ok := parseNetwork(word); ok {
			p.parts = append(p.parts, part{clientColumn, "%s IN (SELECT number FROM client WHERE " + s.database.within("address") + ")", []any{network.String()}, true})
			continue
		}
		w := newWord(word)
		few := false
		if !p.hints {
			var err error
			if few, err = s.isFew(ctx, w); err != nil {
				return err
			}
		}
		p.parts = append(p.parts, w.part(few))
	}
	return nil
}

// parseNetwork parses a network, or an address as the network that has no other.
func parseNetwork(text string) (netip.Prefix, bool) {
	if ip, err := netip.ParseAddr(text); err == nil {
		ip = ip.Unmap().WithZone("")
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	return network.Masked(), err == nil
}

// word is a word to search for, as subqueries for row numbers: that it is in no column of an event itself but the note lets a database
// find its few events by indexes.
type word struct {
	lookalikes, clients, events string
	values                      []any
}

func newWord(text string) *word {
	pattern := containing(text)
	return &word{
		`SELECT number FROM lookalike WHERE name LIKE $ ESCAPE '\' OR intended LIKE $ ESCAPE '\'`,
		`SELECT number FROM client WHERE address LIKE $ ESCAPE '\'`,
		`SELECT number FROM event WHERE note <> '' AND lower(note) LIKE $ ESCAPE '\' UNION ALL SELECT number FROM event WHERE id = $`,
		[]any{pattern, pattern, pattern, pattern, strings.ToLower(text)},
	}
}

// part returns the condition. PostgreSQL looks for each of an array's few numbers by an index, which it does not for those of a subquery.
func (w *word) part(few bool) part {
	open, end := "IN (", ")"
	if few {
		open, end = "= ANY (ARRAY(", "))"
	}
	return part{
		numberColumn, "(" + lookalikeColumn + " " + open + w.lookalikes + end + " OR " + clientColumn + " " + open + w.clients + end + " OR %s " + open + w.events + end + ")",
		w.values, true,
	}
}

// isFew reports whether few lookalikes, clients and events have the word.
func (s *Store) isFew(ctx context.Context, w *word) (bool, error) {
	var c conditions
	c.add(fmt.Sprintf("SELECT count(*) FROM (%s UNION ALL %s UNION ALL %s LIMIT %d) AS found", w.lookalikes, w.clients, w.events, fewLookalikes+1), w.values...)
	var n int
	err := s.query(ctx, func(row *sql.Rows) error { return row.Scan(&n) }, c.where(), c.args...)
	return n <= fewLookalikes, err
}
