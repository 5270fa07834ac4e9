package rpz

import (
	"strings"

	"github.com/miekg/dns"

	"github.com/typoguard/coredns-typoguard/cmd/coredns-typoguard/corefile"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// Rows are what a response policy zone of likely mistakes would say, for other kinds of list: names in ASCII, a single edit away and under
// delegated top-level domains, those with a letter moved or letters written as others, and those with a part doubled.
type Rows struct {
	// Policies are the selected ones, and Monitored those left out because they are in mode monitor.
	Policies, Monitored []*policy.Policy

	selection *selection
}

// Row says what happens to mail to a name and to all names below it for which there is no other row.
type Row struct {
	Name string
	// Passes says that the mail passes although a name above is hidden. Otherwise Lookalike is what the name, or one below it, looks like.
	Passes    bool
	Lookalike event.Lookalike
	// OnlyBelow says that the name itself passes.
	OnlyBelow bool
}

// NewRows returns the rows of the policies of a Corefile: of all policies that enforce, of the one with a name, or of those for a client.
func NewRows(blocks corefile.Blocks, only, client string) (*Rows, error) {
	s, err := newSelection(blocks, only, client, false)
	if err != nil {
		return nil, err
	}
	return &Rows{s.policies, s.skipped, s}, nil
}

// SuffixesOf returns the suffixes of a policy.
func (r *Rows) SuffixesOf(p *policy.Policy) policy.Suffixes { return r.selection.suffixesOf(p) }

// Each calls visit with all rows, exceptions first and in the same order each time. It returns the first error of visit.
func (r *Rows) Each(visit func(Row) error) error {
	p := r.selection.plan(false)
	p.likely = true
	for i := range p.suffixes {
		p.suffixes[i].distance = 1
	}
	return p.each(func(name string, rule rule, _ int) error {
		row := Row{Name: name, Passes: rule.passes, OnlyBelow: rule.except}
		if rule.blocks() {
			row.Lookalike = r.lookalike(name, rule.except)
		}
		return visit(row)
	})
}

// lookalike returns what a hidden name looks like, even if only names below it are hidden.
func (r *Rows) lookalike(name string, below bool) event.Lookalike {
	const label = "any."
	if below {
		name = label + name
	}
	q := policy.Query{Name: name, Type: dns.TypeMX, Client: func() *policy.Client { return r.selection.client }}
	if r.selection.only != "" {
		q.Only = r.selection.block.Set.Named(r.selection.only)
	}
	found := r.selection.block.Judge(&q).Lookalike
	if below {
		found.Intended = strings.TrimPrefix(found.Intended, label)
	}
	return found
}
