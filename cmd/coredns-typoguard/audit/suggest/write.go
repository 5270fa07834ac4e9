package suggest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The names of the files.
const (
	ProtectFile  = "protect-suggested.txt"
	AllowFile    = "allow-suggested.txt"
	PrefixesFile = "prefixes-suggested.txt"
)

// prefixesOption is the option of a policy that names the last one.
const prefixesOption = "boundary_prefixes"

// maxListed is how many domains that are not suggested a file names.
const maxListed = 200

// Check returns an error if the suggestions could not be written into a directory. A file that is there is never written over: a
// policy may have it in force.
func Check(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no directory; expected one for the suggestions", dir)
	}
	for _, name := range []string{ProtectFile, AllowFile, PrefixesFile} {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s exists, and a policy may use it; expected a directory without it", path)
		} else if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Write writes the files into a directory.
func (s *Suggestions) Write(dir string, now time.Time) error {
	for _, file := range []struct{ name, content string }{
		{ProtectFile, s.protectText(now)}, {AllowFile, s.allowText(now)}, {PrefixesFile, s.prefixText(now)},
	} {
		if err := create(filepath.Join(dir, file.name), file.content); err != nil {
			return err
		}
	}
	return nil
}

// create writes a file that must not exist.
func create(path, content string) error {
	file, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Close())
}

// head begins every file.
func (s *Suggestions) head(what, option string, now time.Time) string {
	text := fmt.Sprintf("# What coredns-typoguard suggests %s, on %s, from mail on %s.\n"+
		"# Nothing of it is in force. Read it, delete what you do not mean, and name the file in a policy: %s.\n",
		what, now.Format(time.DateOnly), plural(s.Days, "day"), option)
	if s.Forgotten {
		text += "# There were too many domains, or hosts of them, to remember those with little mail.\n"
	}
	return text
}

func (s *Suggestions) protectText(now time.Time) string {
	text := s.head("to protect", "protect_file", now) + lines(s.Protect, "")
	if len(s.Rivals) > 0 {
		text += "\n# These look like each other, or like a well-known domain, and may be typos: protected, one would be hidden no longer.\n" + lines(s.Rivals, "# ")
	}
	return text
}

func (s *Suggestions) allowText(now time.Time) string {
	text := s.head("to allow", "allow_file", now) + lines(s.Allow, "")
	if len(s.Lookalikes) > 0 {
		text += "\n# Not suggested, although mail to them was delivered. Auto-forwards to typos have run for years: ask those who write there.\n" +
			lines(s.Lookalikes[:min(len(s.Lookalikes), maxListed)], "# ")
	}
	if more := len(s.Lookalikes) - maxListed; more > 0 {
		text += fmt.Sprintf("# and %d more\n", more)
	}
	return text
}

// lines writes a line for each domain, with the evidence as its note.
func lines(all []Suggestion, before string) string {
	var text strings.Builder
	for i := range all {
		fmt.Fprintf(&text, "%s%s # %s\n", before, all[i].Domain, all[i].note())
	}
	return text.String()
}

// note says what speaks for and against a domain.
func (s *Suggestion) note() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.own {
		add("your own, it seems")
	}
	if s.Like != nil {
		add("looks like %s (%s)", s.Like.Intended, s.Like.Kind)
	}
	if s.Doubt != "" {
		add("%s", s.Doubt)
	}
	switch days := plural(s.days.count(), "day"); {
	case s.delivered > 0 && s.seen > 0:
		add("%d delivered and %d of unknown outcome on %s", s.delivered, s.seen, days)
	case s.delivered > 0:
		add("%d delivered on %s", s.delivered, days)
	case s.seen > 0:
		add("%d of unknown outcome on %s", s.seen, days)
	}
	if s.asked > 0 {
		add("asked for %d times on %s", s.asked, plural(s.askedDays.count(), "day"))
	}
	if s.bounced > 0 {
		add("%d bounced", s.bounced)
	}
	if n := len(s.senders); n > 0 {
		writers := plural(n, "sender")
		if n == maxSenders {
			writers = "many senders"
		}
		add("%s: %s", writers, strings.Join(s.examples, " "))
	}
	if s.Like != nil && len(s.recipients) > 0 {
		add("%s", plural(len(s.recipients), "recipient"))
	}
	if s.from > 0 {
		add("%d came from it on %s", s.from, plural(s.fromDays.count(), "day"))
	}
	return strings.Join(parts, "; ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// maxNamed is how many domains a summary names.
const maxNamed = 5

// Print sums up what is suggested, and where it is written; dir is empty if it is not.
func (s *Suggestions) Print(w io.Writer, dir string) error {
	var text strings.Builder
	section := func(what, file string, all, not []Suggestion, why string) {
		fmt.Fprintf(&text, "\n%s: %s suggested", what, plural(len(all), "domain"))
		if len(all) > 0 {
			fmt.Fprintf(&text, ": %s", names(all, maxNamed))
		}
		if len(not) > 0 {
			fmt.Fprintf(&text, "; not suggested, %s: %s", why, names(not, maxNamed))
		}
		text.WriteString("\n")
		if dir != "" {
			fmt.Fprintf(&text, "  in %s\n", filepath.Join(dir, file))
		}
	}
	section("protect", ProtectFile, s.Protect, s.Rivals, "since they may be typos")
	section("allow", AllowFile, s.Allow, s.Lookalikes, "although mail was delivered")
	s.printPrefixes(&text, dir)
	if dir == "" {
		now := time.Now()
		text.WriteString("\n" + s.protectText(now) + "\n" + s.allowText(now) + "\n" + s.prefixText(now))
	}
	text.WriteString("\nNothing is in force before a policy says so: protect_file, allow_file, boundary_prefixes.\n")
	_, err := io.WriteString(w, text.String())
	return err
}

// Empty reports whether nothing is suggested.
func (s *Suggestions) Empty() bool { return len(s.Protect)+len(s.Allow) == 0 }
