package main

import "fmt"

// lookalikes returns one name for each domain, with a letter replaced by one that no domain has.
func lookalikes(domains []string) []string {
	names := make([]string, len(domains))
	for i, d := range domains {
		names[i] = d[:1] + "q" + d[2:]
	}
	return names
}

// unlike returns the names that are like no protected domain by any method but those that take long. Methods that only count edits find
// some that ours leaves alone, for instance names two edits away from a short domain.
func unlike(finders []finder, names []string) ([]string, error) {
	var rest []string
	for _, name := range names {
		near := false
		for i, find := range finders {
			if near || methods[i].slow {
				continue
			}
			var err error
			if near, err = find(name); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", methods[i].name, name, err)
			}
		}
		if !near {
			rest = append(rest, name)
		}
	}
	return rest, nil
}
