package advise

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// maxShown is how many domains are named in each line of text.
const maxShown = 5

// printJSON prints an object for each suffix.
func printJSON(w io.Writer, all []*advice) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, a := range all {
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// printText prints a paragraph for each suffix.
func printText(w io.Writer, all []*advice) error {
	var out strings.Builder
	for _, a := range all {
		fmt.Fprintf(&out, "%s (policy %s): %s\n", a.Suffix, a.Policy, a.Grade)
		printNeighbours(&out, "hidden", a.Hidden)
		printNeighbours(&out, "popular, pass", a.Popular)
		printNeighbours(&out, "known typos, rightly hidden", a.Typos)
		if len(a.Exist) > 0 {
			var names []string
			for _, e := range a.Exist {
				if e.MX {
					e.Domain += " (MX)"
				}
				names = append(names, e.Domain)
			}
			fmt.Fprintf(&out, "  hidden, and exist: %s\n", strings.Join(names, ", "))
		}
		for _, line := range a.Lines {
			fmt.Fprintf(&out, "  add: %s\n", line)
		}
		if a.Grade == short {
			fmt.Fprintf(&out, "  many names like it are in use: protect longer hosts of it if you can, and begin with mode monitor\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// printNeighbours prints a line of known domains, those of the highest ranks.
func printNeighbours(out *strings.Builder, what string, all []neighbour) {
	if len(all) == 0 {
		return
	}
	var names []string
	for _, n := range all[:min(len(all), maxShown)] {
		if n.Rank > 0 {
			names = append(names, fmt.Sprintf("%s (rank %d)", n.Domain, n.Rank))
		} else {
			names = append(names, n.Domain)
		}
	}
	if more := len(all) - maxShown; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	fmt.Fprintf(out, "  %s: %s\n", what, strings.Join(names, ", "))
}
