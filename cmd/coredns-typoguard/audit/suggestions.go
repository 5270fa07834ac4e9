package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/audit/suggest"
	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// Suggest reads logs, and says what they suggest to protect and to allow beside what the blocks, which may be none, already have. It
// writes that into files in a directory, or only prints it if dir is empty. It reports whether there is anything. The error may be an
// exit status: what was read may lack something.
func Suggest(root *cli.Command, blocks *corefile.Blocks, paths []string, dir string) (found bool, err error) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(softLimit))
	if dir != "" {
		if err := suggest.Check(dir); err != nil {
			return false, fmt.Errorf("suggest: %w", err)
		}
	}
	a, err := auditFiles(root, blocks, paths, options{suggest: suggest.NewEvidence(false)})
	if err != nil {
		return false, err
	}
	return a.suggestInto(root.Writer, dir)
}

// suggestInto prints what the logs suggest, and writes it into a directory unless dir is empty.
func (a *auditor) suggestInto(w io.Writer, dir string) (found bool, err error) {
	s, err := a.suggest.Propose(a.judge.mail)
	if err != nil {
		return false, err
	}
	if s.Days == 0 {
		a.warnings = append(a.warnings, "there is no mail with a time stamp, without which nothing is suggested")
	}
	if dir != "" {
		if err := s.Write(dir, time.Now()); err != nil {
			return false, err
		}
	}
	writeRead(w, a.report())
	if err := s.Print(w, dir); err != nil {
		return false, err
	}
	return !s.Empty(), a.status()
}

// mail is what the policies decide about mail to a domain, for anybody. A domain that no server block serves passes.
func (j *judge) mail(name string) policy.Decision {
	block := j.blocks.For(name)
	if block == nil {
		return policy.Decision{Reason: policy.Unserved}
	}
	return block.Judge(&policy.Query{Name: name, Type: dns.TypeMX})
}

// loadPolicies loads the Corefile. With -suggest there need not be one, since nobody has policies before they know what to protect; and
// with -join the events say what policies decided.
func loadPolicies(c *cli.Command) (corefile.Blocks, error) {
	if len(c.StringSlice("join")) > 0 {
		return corefile.Blocks{}, nil
	}
	if c.String("suggest") != "" && !c.IsSet("conf") {
		if _, err := os.Stat(c.String("conf")); errors.Is(err, os.ErrNotExist) {
			return corefile.Blocks{}, nil
		}
	}
	return corefile.Load(c)
}
