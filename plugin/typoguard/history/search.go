package history

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// addSearch adds a part for each word of the text to search for.
func (s *Store) addSearch(ctx context.Context, p *plan, f *Filter) error {
	for word := range strings.FieldsSeq(clean(f.Text)) {
		if network, ok := parseNetwork(word); ok {
			p.parts = append(p.parts, part{clientColumn, "%s IN (SELECT number FROM client WHERE " + s.database.within("address") + ")", []any{network.String()}, true})
			continue
		}
		w := newWord(word)
		if f.Clients != nil {
			w.addClients(f.Clients.Networks(word), s.database)
		}
		part, err := s.searchWord(ctx, w, p.hints)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, part)
	}
	return nil
}

// searchWord returns the condition for a word. Most words are only in names, for which databases have the better plans.
func (s *Store) searchWord(ctx context.Context, w *word, hints bool) (part, error) {
	elsewhere, err := s.found(ctx, 1, []string{w.clients, w.events}, w.values[2:])
	if err != nil {
		return part{}, err
	}
	if elsewhere == 0 {
		return part{lookalikeColumn, "%s IN (" + w.lookalikes + ")", w.values[:2], true}, nil
	}
	few := false
	if !hints {
		n, err := s.found(ctx, fewLookalikes+1, []string{w.lookalikes, w.clients, w.events}, w.values)
		if err != nil {
			return part{}, err
		}
		few = n <= fewLookalikes
	}
	return w.part(few), nil
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
		`SELECT number FROM event WHERE note <> '' AND lower(note) LIKE $ ESCAPE '\' UNION ALL SELECT number FROM event WHERE id = $
			UNION ALL SELECT event FROM event_id WHERE id = $`,
		[]any{pattern, pattern, pattern, pattern, strings.ToLower(text), strings.ToLower(text)},
	}
}

// addClients adds the clients in some networks to those that are found.
func (w *word) addClients(networks []netip.Prefix, d database) {
	const before = 3 // those of lookalikes, and the one of clients
	var values []any
	for _, network := range networks {
		w.clients += " OR " + d.within("address")
		values = append(values, network.String())
	}
	w.values = slices.Insert(w.values, before, values...)
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

// found counts the rows of subqueries, up to a limit.
func (s *Store) found(ctx context.Context, limit int, subqueries []string, values []any) (n int, err error) {
	var c conditions
	c.add(fmt.Sprintf("SELECT count(*) FROM (%s LIMIT %d) AS found", strings.Join(subqueries, " UNION ALL "), limit), values...)
	err = s.query(ctx, func(row *sql.Rows) error { return row.Scan(&n) }, c.where(), c.args...)
	return n, err
}
