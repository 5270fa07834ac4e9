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

// unlike returns the names that are like no protected domain.
func unlike(find finder, names []string) ([]string, error) {
	var rest []string
	for _, name := range names {
		near, err := find(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !near {
			rest = append(rest, name)
		}
	}
	return rest, nil
}
