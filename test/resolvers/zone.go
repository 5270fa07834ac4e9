package resolvers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// ZoneName is the name of the response policy zone that resolvers are given.
const ZoneName = "rpz.invalid"

// maxRows is more rows than tests ask for, and less than fill a disk.
const maxRows = 50_000_000

// Zone is a response policy zone in a file.
type Zone struct {
	// File is its path, and Rows how many rows it has.
	File string
	Rows int
	// Hidden are the names whose rows hide them, and Passing those whose rows let them pass, without the wildcards.
	Hidden, Passing []string
}

var reportedRows = regexp.MustCompile(`(?m)^([0-9]+) rows for`)

// WriteZone lets a coredns-typoguard write the zone of a policy, which is one or more typoguard stanzas, to a file.
func WriteZone(ctx context.Context, binary, policy, file string) (*Zone, error) {
	corefile := file + ".Corefile"
	if err := os.WriteFile(corefile, []byte(". {\n"+policy+"\n}\n"), 0o600); err != nil {
		return nil, err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "rpz", "-conf", corefile, "-origin", ZoneName, "-o", file, "-max-rows", strconv.Itoa(maxRows))
	cmd.Stderr = &output
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s rpz: %w: %s", binary, err, output.Bytes())
	}
	reported := reportedRows.FindSubmatch(output.Bytes())
	if reported == nil {
		return nil, fmt.Errorf("%s rpz: no number of rows in %q", binary, output.Bytes())
	}
	z := &Zone{File: file}
	rows, err := strconv.Atoi(string(reported[1]))
	return z, errors.Join(err, z.read(rows))
}

// read reads which names have rows, of which there must be as many as reported.
func (z *Zone) read(reported int) error {
	file, err := os.Open(z.File)
	if err != nil {
		return err
	}
	defer file.Close()
	parser := dns.NewZoneParser(file, "", z.File)
	last := ""
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		owner, ok := strings.CutSuffix(rr.Header().Name, "."+ZoneName+".")
		if !ok {
			continue // the zone's own
		}
		z.Rows++
		if owner == last || strings.HasPrefix(owner, "*.") {
			continue
		}
		last = owner
		if cname, ok := rr.(*dns.CNAME); ok && cname.Target == "rpz-passthru." {
			z.Passing = append(z.Passing, owner)
		} else {
			z.Hidden = append(z.Hidden, owner)
		}
	}
	if err := parser.Err(); err != nil {
		return err
	}
	if z.Rows != reported || len(z.Hidden) == 0 {
		return fmt.Errorf("%s: %d rows, %d names hidden; expected %d rows, as were reported", z.File, z.Rows, len(z.Hidden), reported)
	}
	return nil
}
