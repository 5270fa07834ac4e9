package policy

import (
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/suffixlist"
)

// findContradiction returns an error if a suffix is both protected and allowed, or allowed and denied, in whichever policies, or if
// one is denied that is, or lies under, a protected one: a listed name passes for all of them, so one of the two was not meant. It looks
// suffixes up in the index; tables of all of them are made only for the error.
func (c *compiler) findContradiction() error {
	var buffer match.Buffer
	for i := range c.suffixes {
		for s := range c.suffixes[i].Allowed.All() {
			if c.pace.Step(); c.isProtected(s.Name, &buffer) {
				return c.describeContradiction()
			}
		}
	}
	return c.findDenied()
}

// isProtected reports whether a name, as match.ParseSuffix returns it, is itself a protected suffix.
func (c *compiler) isProtected(name string, buffer *match.Buffer) bool {
	r := c.index.Lookup(name, buffer)
	return r.Listing == match.Protected && r.Suffix == name
}

// describeContradiction returns the error for the first suffix that is both protected and allowed.
func (c *compiler) describeContradiction() error {
	allowedAt := map[string]suffixlist.Position{}
	for i := range c.suffixes {
		for s := range c.suffixes[i].Allowed.All() {
			allowedAt[s.Name] = s.At
		}
	}
	for i := range c.suffixes {
		for p := range c.suffixes[i].Protected.All() {
			if at, ok := allowedAt[p.Name]; ok {
				return at.Errorf("%q is allowed here and protected at %s; expected it on one list only", p.Name, p.At)
			}
		}
	}
	return nil
}

// findDenied is findContradiction for denied suffixes.
func (c *compiler) findDenied() error {
	concerned := map[string]struct{}{} // those that must not be protected
	for i := range c.denials {
		for denied := range c.denials[i] {
			for name, ok := denied, true; ok; name, ok = parent(name) {
				concerned[name] = struct{}{}
			}
		}
	}
	if len(concerned) == 0 {
		return nil
	}
	allowedAt := c.positions(concerned, func(s *Suffixes) suffixlist.List { return s.Allowed })
	protectedAt := c.positions(concerned, func(s *Suffixes) suffixlist.List { return s.Protected })
	for i := range c.suffixes {
		for d := range c.suffixes[i].Denied.All() {
			if at, ok := allowedAt[d.Name]; ok {
				return d.At.Errorf("%q is denied here and allowed at %s; expected it on one list only", d.Name, at)
			}
			for name, ok := d.Name, true; ok; name, ok = parent(name) {
				if at, isProtected := protectedAt[name]; isProtected {
					return d.At.Errorf("%q is denied here, and %q is protected at %s; expected a name that is not under a protected suffix", d.Name, name, at)
				}
			}
		}
	}
	return nil
}

// positions returns where some suffixes stand on a list of each policy.
func (c *compiler) positions(of map[string]struct{}, list func(*Suffixes) suffixlist.List) map[string]suffixlist.Position {
	at := map[string]suffixlist.Position{}
	for i := range c.suffixes {
		for s := range list(&c.suffixes[i]).All() {
			c.pace.Step()
			if _, ok := of[s.Name]; ok {
				at[s.Name] = s.At
			}
		}
	}
	return at
}
