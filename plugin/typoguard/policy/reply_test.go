package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// brief writes records without class, and without the TTL if that is 60, as replyOf reads them.
func brief(rrs []dns.RR) string {
	var b strings.Builder
	for _, rr := range rrs {
		if sig, ok := rr.(*dns.RRSIG); ok {
			fmt.Fprintf(&b, "SIG %s %s\n", sig.Hdr.Name, dns.TypeToString[sig.TypeCovered])
			continue
		}
		text := strings.Replace(strings.Join(strings.Fields(rr.String()), " "), " IN ", " ", 1)
		b.WriteString(strings.Replace(text, " 60 ", " ", 1) + "\n")
	}
	return b.String()
}

// remains writes what a decision makes of a reply: the records that are left of one that is kept, or the change with the name
// and the records of the way there, and behind "=>" those that are put under the name.
func remains(d *ReplyDecision, reply *dns.Msg) string {
	left := func(rrs []dns.RR) string {
		return brief(slices.DeleteFunc(slices.Clone(rrs), func(rr dns.RR) bool { return d.Drop[rr] }))
	}
	switch d.Change {
	case Cut:
		return "cut " + d.Name + "\n" + brief(d.Lead)
	case Flatten:
		s := "flatten " + d.Name + "\n" + brief(d.Lead)
		if len(d.Rest) > 0 {
			s += fmt.Sprintf("=> %d\n", d.TTL) + brief(d.Rest)
		}
		return s
	case Keep:
	}
	s := left(reply.Answer)
	if ns := left(reply.Ns); ns != "" {
		s += "--\n" + ns
	}
	if extra := left(reply.Extra); extra != "" {
		s += "++\n" + extra
	}
	return s
}

// unindented trims the indentation of a text.
func unindented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// findings writes each as its name, the owner of the alias, and the mode.
func findings(found []Finding) []string {
	var all []string
	for _, f := range found {
		all = append(all, f.Name+" by "+f.Record.Header().Name+" "+f.Mode.String())
	}
	return all
}

// replyTest is a reply to a query, "name TYPE", and what JudgeReply is to make of it.
type replyTest struct {
	name   string
	policy Policy
	query  string
	reply  string
	want   string // "" for the reply as it is
	finds  string // "" for none; the last one is what changes the reply, unless that is kept
}

// run runs tests with a policy that protects mil and allows gov.ml, and more settings.
func (tt *replyTest) run(t *testing.T, more ...setting) {
	t.Helper()
	t.Run(tt.name, func(t *testing.T) {
		s := compile(t, append([]setting{{Policy: tt.policy, protect: "mil", allow: "gov.ml"}}, more...)...)
		reply := kit.Reply(t, tt.reply)
		before := reply.String()
		name, qtype, _ := strings.Cut(tt.query, " ")
		q := &Query{Name: name, Type: dns.StringToType[qtype], Client: from("192.0.2.1"), Exists: onlyArmy}
		d := s.Judge(q)
		require.False(t, d.Enforced(), "the query does not pass")
		got := s.JudgeReply(q, &d, reply)
		want := tt.want
		if want == "" {
			want = tt.reply
		}
		assert.Equal(t, unindented(want), remains(&got, reply))
		assert.Equal(t, tt.finds, strings.Join(findings(got.Findings), ", "))
		for _, f := range got.Findings {
			assert.True(t, f.Covered(), "%s is not covered", f.Name)
		}
		if got.Change == Keep {
			assert.Nil(t, got.By)
		} else {
			require.NotNil(t, got.By)
			assert.Equal(t, Enforce, got.By.Mode)
			assert.Contains(t, got.Findings, *got.By)
		}
		assert.Equal(t, before, reply.String(), "the original")
	})
}

// onlyArmy finds one domain.
func onlyArmy(domain string, _ time.Duration) Existence {
	if domain == "army.mil." {
		return Exists
	}
	return Absent
}

// TestJudgeReplyCuts: an alias into a lookalike is cut, for every type that the policy answers.
func TestJudgeReplyCuts(t *testing.T) {
	const (
		into  = "alias.example. CNAME army.ml."
		found = "army.ml. by alias.example. enforce"
		cut   = "cut army.ml.\nalias.example. CNAME army.ml."
	)
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	tests := []replyTest{
		{"MX", Policy{}, "alias.example. MX", into + "\narmy.ml. MX 1 mx.evil.example.", cut, found},
		{"MX, nodata", Policy{Action: NODATA}, "alias.example. MX", into + "\narmy.ml. MX 1 mx.evil.example.", cut, found},
		{"MX, nullmx", Policy{Action: NullMX}, "alias.example. MX", into + "\narmy.ml. MX 1 mx.evil.example.", cut, found},
		{"MX, sinkhole", Policy{Action: Sinkhole}, "alias.example. MX", into + "\narmy.ml. MX 1 mx.evil.example.", cut, found},
		{"A", Policy{}, "alias.example. A", into + "\narmy.ml. A 192.0.2.1", cut, found},
		{"A, sinkhole", Policy{Action: Sinkhole}, "alias.example. A", into + "\narmy.ml. A 192.0.2.1", cut, found},
		{"A, nullmx passes it", Policy{Action: NullMX}, "alias.example. A", into + "\narmy.ml. A 192.0.2.1", "", ""},
		{"A, nullmx widened", Policy{Action: NullMX, Types: mail}, "alias.example. A", into + "\narmy.ml. A 192.0.2.1", cut, found},
		{"TXT", Policy{}, "alias.example. TXT", into + "\narmy.ml. TXT \"x\"", cut, found},
		{"TXT, narrowed", Policy{Types: mail}, "alias.example. TXT", into + "\narmy.ml. TXT \"x\"", "", ""},
		{"NS, nullmx", Policy{Action: NullMX}, "alias.example. NS", into + "\narmy.ml. NS ns.evil.example.", cut, found},
		{"DS passes", Policy{}, "alias.example. DS", into, "", ""},
		{"the alias is asked for", Policy{}, "alias.example. CNAME", into, "", ""},
		{"any record is asked for", Policy{}, "alias.example. ANY", into, "", ""},
		{"without the target's records", Policy{}, "alias.example. MX", into, cut, found},
		{"other case", Policy{}, "Alias.Example. MX", "aLIAS.eXAMPLE. CNAME Army.ML.\narmy.ml. MX 1 mx.evil.example.",
			"cut Army.ML.\naLIAS.eXAMPLE. CNAME Army.ML.", "Army.ML. by aLIAS.eXAMPLE. enforce"},
		{"a chain", Policy{}, "alias.example. MX", `
			alias.example. CNAME b.example.
			SIG alias.example. CNAME
			B.example. CNAME army.ml.
			SIG b.example. CNAME
			SIG b.example. MX
			army.ml. CNAME c.example.
			SIG army.ml. CNAME
			c.example. MX 1 mx.evil.example.
			--
			example. NS ns.example.
			++
			ns.example. A 192.0.2.2`, `
			cut army.ml.
			alias.example. CNAME b.example.
			SIG alias.example. CNAME
			B.example. CNAME army.ml.
			SIG b.example. CNAME`, "army.ml. by B.example. enforce"},
		{"in another order", Policy{}, "alias.example. MX", `
			army.ml. MX 1 mx.evil.example.
			b.example. CNAME army.ml.
			alias.example. CNAME b.example.`, `
			cut army.ml.
			alias.example. CNAME b.example.
			b.example. CNAME army.ml.`, "army.ml. by b.example. enforce"},
		{"by a DNAME", Policy{}, "us.dn.example. MX", `
			other.example. DNAME army.ml.
			Us.dn.example. DNAME other.example.
			dn.example. DNAME army.ml.
			SIG dn.example. DNAME
			us.dn.example. CNAME us.army.ml.
			us.army.ml. MX 1 mx.evil.example.`, `
			cut us.army.ml.
			dn.example. DNAME army.ml.
			SIG dn.example. DNAME
			us.dn.example. CNAME us.army.ml.`, "us.army.ml. by us.dn.example. enforce"},
		{"two aliases of a name", Policy{}, "alias.example. MX", "alias.example. CNAME www.example.\n" + into, "cut army.ml.\nalias.example. CNAME www.example.\n" + into, found},
		{"two aliases of a name, the wrong one first", Policy{}, "alias.example. MX", into + "\nalias.example. CNAME www.example.\narmy.ml. MX 1 mx.evil.example.",
			into + "\nalias.example. CNAME www.example.", ""},
		{"off the way", Policy{}, "www.example. MX", "www.example. MX 1 mx.example.\nalias.example. CNAME army.ml.", "", ""},
		{"an unfinished chain", Policy{}, "alias.example. MX", "alias.example. CNAME b.example.", "", ""},
		{"into a protected name", Policy{}, "alias.example. MX", "alias.example. CNAME army.mil.\narmy.mil. MX 1 mx.army.mil.", "", ""},
		{"into an allowed name", Policy{}, "alias.example. MX", "alias.example. CNAME gov.ml.\ngov.ml. MX 1 mx.gov.ml.", "", ""},
		{"a loop", Policy{}, "a.example. MX", "a.example. CNAME b.example.\nB.example. CNAME A.example.", "", ""},
		{"a loop of one", Policy{}, "a.example. MX", "a.example. CNAME A.example.", "", ""},
		{"a loop in capitals", Policy{}, "A.example. MX", "A.example. CNAME A.example.", "", ""},
		{"a loop further on", Policy{}, "a.example. MX", "a.example. CNAME b.example.\nb.example. CNAME c.example.\nc.example. CNAME b.example.", "", ""},
		{"monitored", Policy{Mode: Monitor}, "alias.example. MX", into + "\narmy.ml. MX 1 mx.evil.example.", "", "army.ml. by alias.example. monitor"},
		{"monitored twice", Policy{Mode: Monitor}, "alias.example. MX", into + "\narmy.ml. CNAME navy.ml.", "",
			"army.ml. by alias.example. monitor, navy.ml. by army.ml. monitor"},
		{"monitored for a time", Policy{Mode: Monitor, MonitorUntil: time.Unix(1, 0)}, "alias.example. MX", into, cut, found},
		{"another client", Policy{Clients: networks("198.51.100.0/24")}, "alias.example. MX", into + "\narmy.ml. MX 1 mx.evil.example.", "", ""},
		{"the client", Policy{Clients: networks("192.0.2.0/24")}, "alias.example. MX", into, cut, found},
		{"the counterpart exists", Policy{Require: &Requirement{}}, "alias.example. MX", into, cut, found},
		{"no counterpart", Policy{Require: &Requirement{}}, "alias.example. MX", "alias.example. CNAME shop.ml.\nshop.ml. MX 1 mx.shop.ml.", "", ""},
	}
	for i := range tests {
		tests[i].run(t)
	}
}

// TestJudgeReplyLong: a long chain of aliases is followed to its end like a short one, and a long loop ends.
func TestJudgeReplyLong(t *testing.T) {
	chain := func(last string) string {
		var b strings.Builder
		for i := range 2 * few {
			fmt.Fprintf(&b, "A%d.example. CNAME a%d.example.\n", i, i+1)
		}
		fmt.Fprintf(&b, "a%d.example. CNAME %s\n", 2*few, last)
		return b.String()
	}
	tests := []replyTest{
		{"into a lookalike", Policy{}, "a0.example. MX", "example. NS ns.example.\n" + chain("army.ml.") + "army.ml. MX 1 mx.evil.example.",
			"cut army.ml.\n" + chain("army.ml."), fmt.Sprintf("army.ml. by a%d.example. enforce", 2*few)},
		{"elsewhere", Policy{}, "a0.example. MX", chain("www.example."), "", ""},
		{"a loop", Policy{}, "a0.example. MX", chain("a1.example."), "", ""},
		{"flattened", Policy{Action: NullMX}, "army.ml. A", "army.ml. CNAME a0.example.\n" + chain("www.example.") + "www.example. A 192.0.2.1",
			"flatten army.ml.\n=> 60\nwww.example. A 192.0.2.1", "army.ml. by army.ml. enforce"},
		{"many others", Policy{}, "alias.example. MX", strings.Repeat("www.example. A 192.0.2.1\n", 2*few) + "alias.example. CNAME army.ml.",
			"cut army.ml.\nalias.example. CNAME army.ml.", "army.ml. by alias.example. enforce"},
	}
	for i := range tests {
		tests[i].run(t)
	}
}

// TestJudgeReplyListed: an alias of an allowed or protected name works, and nobody learns where it leads.
func TestJudgeReplyListed(t *testing.T) {
	const (
		into  = "gov.ml. 50 CNAME army.ml."
		found = "army.ml. by gov.ml. enforce"
	)
	tests := []replyTest{
		{"allowed", Policy{}, "gov.ml. MX", into + "\nSIG gov.ml. CNAME\narmy.ml. MX 1 mx.evil.example.\nSIG army.ml. MX\n++\nmx.evil.example. A 192.0.2.1",
			"flatten gov.ml.\n=> 50\narmy.ml. MX 1 mx.evil.example.", found},
		{"protected", Policy{}, "army.mil. A", "army.mil. CNAME army.ml.\narmy.ml. 30 A 192.0.2.1\narmy.ml. 20 A 192.0.2.2\nother.example. 10 A 192.0.2.3",
			"flatten army.mil.\n=> 20\narmy.ml. 30 A 192.0.2.1\narmy.ml. 20 A 192.0.2.2", "army.ml. by army.mil. enforce"},
		{"other case", Policy{}, "GOV.ml. MX", "gov.ML. CNAME Army.ML.\naRMY.ml. MX 1 mx.evil.example.",
			"flatten GOV.ml.\n=> 60\naRMY.ml. MX 1 mx.evil.example.", "Army.ML. by gov.ML. enforce"},
		{"on from the lookalike", Policy{}, "gov.ml. A", "gov.ml. CNAME army.ml.\narmy.ml. 40 CNAME x.example.\nx.example. A 192.0.2.1",
			"flatten gov.ml.\n=> 40\nx.example. A 192.0.2.1", found},
		{"the lookalike further on", Policy{}, "gov.ml. A", "gov.ml. 1 CNAME x.example.\nSIG gov.ml. CNAME\nx.example. CNAME army.ml.\narmy.ml. A 192.0.2.1",
			"flatten gov.ml.\n=> 1\narmy.ml. A 192.0.2.1", "army.ml. by x.example. enforce"},
		{"the lookalike further on, behind another allowed name", Policy{}, "army.mil. A",
			"army.mil. 5 CNAME gov.ml.\ngov.ml. CNAME x.example.\nx.example. CNAME army.ml.\narmy.ml. 9 A 192.0.2.1",
			"flatten gov.ml.\narmy.mil. 5 CNAME gov.ml.\n=> 9\narmy.ml. 9 A 192.0.2.1", "army.ml. by x.example. enforce"},
		{"through an allowed name", Policy{}, "alias.example. MX", "alias.example. 40 CNAME gov.ml.\n" + into + "\narmy.ml. MX 1 mx.evil.example.",
			"flatten gov.ml.\nalias.example. 40 CNAME gov.ml.\n=> 50\narmy.ml. MX 1 mx.evil.example.", found},
		{"through an allowed name, a type that passes", Policy{Action: NullMX}, "alias.example. A", "alias.example. CNAME gov.ml.\n" + into + "\narmy.ml. A 192.0.2.1",
			"flatten gov.ml.\nalias.example. CNAME gov.ml.\n=> 50\narmy.ml. A 192.0.2.1", found},
		{"through a name of a lookalike, then an allowed one", Policy{}, "alias.example. MX",
			"alias.example. CNAME navy.ml.\nnavy.ml. CNAME gov.ml.\ngov.ml. MX 1 mx.gov.ml.", "cut navy.ml.\nalias.example. CNAME navy.ml.", "navy.ml. by alias.example. enforce"},
		{"nothing there", Policy{}, "gov.ml. TXT", into + "\narmy.ml. A 192.0.2.1", "flatten gov.ml.", found},
		{"a loop", Policy{}, "gov.ml. A", into + "\narmy.ml. CNAME gov.ml.", "flatten gov.ml.", found},
		{"a type that passes", Policy{Action: NullMX}, "gov.ml. A", into + "\narmy.ml. A 192.0.2.1", "flatten gov.ml.\n=> 50\narmy.ml. A 192.0.2.1", found},
		{"DS", Policy{}, "gov.ml. DS", into + "\narmy.ml. DS 1 8 2 00", "flatten gov.ml.", found},
		{"DNSKEY", Policy{}, "gov.ml. DNSKEY", into + "\narmy.ml. DNSKEY 257 3 8 AAAA", "flatten gov.ml.", found},
		{"CNAME", Policy{}, "gov.ml. CNAME", into, "flatten gov.ml.", found},
		{"ANY", Policy{}, "gov.ml. ANY", into, "flatten gov.ml.", found},
		{"CNAME elsewhere", Policy{}, "gov.ml. CNAME", "gov.ml. CNAME www.example.", "", ""},
		{"elsewhere", Policy{}, "gov.ml. A", "gov.ml. CNAME www.example.\nwww.example. A 192.0.2.1", "", ""},
		{"monitored", Policy{Mode: Monitor}, "gov.ml. MX", into + "\narmy.ml. MX 1 mx.evil.example.", "", "army.ml. by gov.ml. monitor"},
		{"monitored, a type that passes", Policy{Mode: Monitor, Action: NullMX}, "gov.ml. A", into + "\narmy.ml. A 192.0.2.1", "", ""},
		{"another client", Policy{Clients: networks("198.51.100.0/24")}, "gov.ml. MX", into + "\narmy.ml. MX 1 mx.evil.example.", "", ""},
		{"no counterpart", Policy{Require: &Requirement{}}, "gov.ml. DS", "gov.ml. CNAME shop.ml.", "", ""},
		{"no counterpart, a type that passes", Policy{Require: &Requirement{}, Action: NullMX}, "gov.ml. A", "gov.ml. CNAME shop.ml.\nshop.ml. A 192.0.2.1", "", ""},
	}
	for i := range tests {
		tests[i].run(t)
	}
}

// TestJudgeReplyFlattens: where a lookalike of a type that passes is an alias, nobody learns of what.
func TestJudgeReplyFlattens(t *testing.T) {
	const (
		own   = "army.ml. CNAME web.example.\nSIG army.ml. CNAME\nweb.example. 30 A 192.0.2.1\nSIG web.example. A"
		found = "army.ml. by army.ml. enforce"
		flat  = "flatten army.ml.\n=> 30\nweb.example. 30 A 192.0.2.1"
	)
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	nullMX := Policy{Action: NullMX}
	tests := []replyTest{
		{"A", nullMX, "army.ml. A", own, flat, found},
		{"other case", nullMX, "ARMY.ml. A", "army.ML. CNAME Web.example.\nweb.EXAMPLE. A 192.0.2.1", "flatten ARMY.ml.\n=> 60\nweb.EXAMPLE. A 192.0.2.1", "ARMY.ml. by army.ML. enforce"},
		{"nothing of the type", nullMX, "army.ml. AAAA", own + "\n--\nexample. SOA ns.example. h.example. 1 1 1 1 1", "flatten army.ml.", found},
		{"only what is at the end", nullMX, "army.ml. A", "army.ml. CNAME x.example.\nx.example. CNAME web.example.\nx.example. A 192.0.2.9\nweb.example. A 192.0.2.1",
			"flatten army.ml.\n=> 60\nweb.example. A 192.0.2.1", found},
		{"a target", nullMX, "alias.example. A", "alias.example. 5 CNAME army.ml.\nSIG alias.example. CNAME\n" + own,
			"flatten army.ml.\nalias.example. 5 CNAME army.ml.\nSIG alias.example. CNAME\n=> 30\nweb.example. 30 A 192.0.2.1", found},
		{"a lookalike that is an alias of one that passes", nullMX, "army.ml. A", "army.ml. CNAME navy.ml.\nnavy.ml. CNAME web.example.\nweb.example. A 192.0.2.1",
			"flatten army.ml.\n=> 60\nweb.example. A 192.0.2.1", found},
		{"a loop", nullMX, "army.ml. A", "army.ml. CNAME a.example.\na.example. CNAME army.ml.", "flatten army.ml.", found},
		{"a loop of one", nullMX, "army.ml. A", "army.ml. CNAME army.ml.", "flatten army.ml.", found},
		{"a loop behind it", nullMX, "army.ml. A", "army.ml. CNAME a.example.\na.example. CNAME a.example.\na.example. A 192.0.2.1",
			"flatten army.ml.\n=> 60\na.example. A 192.0.2.1", found},
		{"TXT, narrowed", Policy{Types: mail}, "army.ml. TXT", "army.ml. CNAME web.example.\nweb.example. TXT \"x\"", "flatten army.ml.\n=> 60\nweb.example. TXT \"x\"", found},
		{"DS", Policy{}, "army.ml. DS", own, "cut army.ml.", found},
		{"DNSKEY", Policy{}, "army.ml. DNSKEY", own, "cut army.ml.", found},
		{"DS of a target", Policy{}, "alias.example. DS", "alias.example. CNAME army.ml.\narmy.ml. CNAME web.example.", "cut army.ml.\nalias.example. CNAME army.ml.", found},
		{"DS that is there", Policy{}, "army.ml. DS", "army.ml. DS 1 8 2 00", "", ""},
		{"an alias that passes itself", nullMX, "www.example. A", "www.example. CNAME web.example.\nweb.example. A 192.0.2.1", "", ""},
		{"monitored", Policy{Action: NullMX, Mode: Monitor}, "army.ml. A", own, "", ""},
		{"another client", Policy{Action: NullMX, Clients: networks("198.51.100.0/24")}, "army.ml. A", own, "", ""},
		{"the counterpart exists", Policy{Action: NullMX, Require: &Requirement{}}, "army.ml. A", own, flat, found},
		{"no counterpart", Policy{Action: NullMX, Require: &Requirement{}}, "shop.ml. A", "shop.ml. CNAME web.example.\nweb.example. A 192.0.2.1", "", ""},
		{"no counterpart, DS", Policy{Require: &Requirement{}}, "shop.ml. DS", "shop.ml. CNAME web.example.", "", ""},
		{"into another lookalike", nullMX, "army.ml. A", "army.ml. CNAME nvay.example.\nnvay.example. A 192.0.2.1", "flatten army.ml.", found + ", nvay.example. by army.ml. enforce"},
		{"into another lookalike further on", nullMX, "alias.example. A",
			"alias.example. CNAME army.ml.\narmy.ml. CNAME b.example.\nb.example. CNAME nvay.example.\nnvay.example. A 192.0.2.1",
			"flatten army.ml.\nalias.example. CNAME army.ml.", found + ", nvay.example. by b.example. enforce"},
		{"into a monitored lookalike", nullMX, "army.ml. A", "army.ml. CNAME trail.example.\ntrail.example. A 192.0.2.1",
			"flatten army.ml.\n=> 60\ntrail.example. A 192.0.2.1", found + ", trail.example. by army.ml. monitor"},
	}
	for i := range tests {
		tests[i].run(t,
			setting{Policy: Policy{Name: "navy"}, protect: "navy.example"},
			setting{Policy: Policy{Name: "trial", Mode: Monitor}, protect: "trial.example"})
	}
}

// TestJudgeReplyDrops: no record of a lookalike comes along with another name, except those that prove something.
func TestJudgeReplyDrops(t *testing.T) {
	const proofs = `
		ml. SOA ns.ml. h.ml. 1 1 1 1 1
		SIG ml. SOA
		army.ml. DS 1 8 2 00
		SIG army.ml. DS
		army.ml. NSEC navy.ml. A
		SIG army.ml. NSEC
		abc.ml. NSEC3 1 0 0 - abcd A
		SIG abc.ml. NSEC3`
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	tests := []replyTest{
		{"an address", Policy{}, "www.example. MX", "www.example. MX 1 navy.ml.\n++\nnavy.ml. A 192.0.2.1\nSIG Navy.ml. A\nmx.example. A 192.0.2.2\nSIG mx.example. A",
			"www.example. MX 1 navy.ml.\n++\nmx.example. A 192.0.2.2\nSIG mx.example. A", ""},
		{"an address that passes", Policy{Action: NullMX}, "www.example. MX", "www.example. MX 1 navy.ml.\n++\nnavy.ml. A 192.0.2.1\nnavy.ml. MX 1 x.example.",
			"www.example. MX 1 navy.ml.\n++\nnavy.ml. A 192.0.2.1", ""},
		{"a type that passes", Policy{Types: mail}, "www.example. MX", "www.example. MX 1 navy.ml.\n++\nnavy.ml. TXT \"x\"\nnavy.ml. AAAA 2001:db8::1",
			"www.example. MX 1 navy.ml.\n++\nnavy.ml. TXT \"x\"", ""},
		{"name servers", Policy{}, "www.example. MX", "www.example. MX 1 mx.example.\n--\nArmy.ml. NS ns.example.\nSIG army.ml. NS\nexample. NS ns.example.",
			"www.example. MX 1 mx.example.\n--\nexample. NS ns.example.", ""},
		{"name servers, nullmx", Policy{Action: NullMX}, "www.example. MX", "www.example. MX 1 mx.example.\n--\narmy.ml. NS ns.example.", "www.example. MX 1 mx.example.", ""},
		{"off the way", Policy{}, "www.example. A", "www.example. A 192.0.2.1\nnavy.ml. A 192.0.2.2\nSIG navy.ml. A", "www.example. A 192.0.2.1", ""},
		{"only off the way", Policy{}, "www.example. A", "navy.ml. A 192.0.2.2", " ", ""},
		{"an alias off the way", Policy{}, "www.example. A", "www.example. A 192.0.2.1\nnavy.ml. CNAME x.example.\nx.example. A 192.0.2.2",
			"www.example. A 192.0.2.1\nx.example. A 192.0.2.2", ""},
		{"an alias off the way, nullmx", Policy{Action: NullMX}, "www.example. A", "www.example. A 192.0.2.1\nnavy.ml. CNAME x.example.", "www.example. A 192.0.2.1", ""},
		{"behind an alias that is asked for", Policy{}, "www.example. CNAME", "www.example. CNAME army.ml.\narmy.ml. CNAME x.example.", "www.example. CNAME army.ml.", ""},
		{"behind an alias", Policy{}, "alias.example. MX", "alias.example. CNAME www.example.\nwww.example. MX 1 navy.ml.\n++\nnavy.ml. A 192.0.2.1",
			"alias.example. CNAME www.example.\nwww.example. MX 1 navy.ml.", ""},
		{"proofs stay", Policy{}, "www.example. MX", "--" + proofs, "", ""},
		{"proofs stay in any section", Policy{}, "www.example. MX", "www.example. MX 1 mx.example." + proofs + "\n++" + proofs, "", ""},
		{"its own records, DS", Policy{}, "army.ml. DS", "army.ml. DS 1 8 2 00\n--\narmy.ml. NS ns.example.\nSIG army.ml. NS\n++\narmy.ml. A 192.0.2.1", "army.ml. DS 1 8 2 00", ""},
		{"its own name servers, without an answer", Policy{}, "army.ml. DS", "--\nArmy.ml. NS ns.example.", " ", ""},
		{"its own name servers, nullmx", Policy{Action: NullMX}, "army.ml. A", "army.ml. A 192.0.2.1\n--\nArmy.ml. NS ns.example.", "army.ml. A 192.0.2.1", ""},
		{"its own name servers behind an alias, nullmx", Policy{Action: NullMX}, "alias.example. A",
			"alias.example. CNAME army.ml.\narmy.ml. A 192.0.2.1\n--\narmy.ml. NS ns.example.", "alias.example. CNAME army.ml.\narmy.ml. A 192.0.2.1", ""},
		{"its own records of other types", Policy{}, "army.ml. DS", "army.ml. DS 1 8 2 00\narmy.ml. MX 1 mx.evil.example.", "army.ml. DS 1 8 2 00", ""},
		{"its own records of other types, nullmx", Policy{Action: NullMX}, "army.ml. A", "army.ml. A 192.0.2.1\nSIG army.ml. A\nArmy.ml. MX 1 mx.evil.example.\nSIG army.ml. MX",
			"army.ml. A 192.0.2.1\nSIG army.ml. A", ""},
		{"records of other types behind an alias, nullmx", Policy{Action: NullMX}, "alias.example. A",
			"alias.example. CNAME army.ml.\narmy.ml. A 192.0.2.1\narmy.ml. MX 1 mx.evil.example.", "alias.example. CNAME army.ml.\narmy.ml. A 192.0.2.1", ""},
		{"its own name servers, monitored", Policy{Mode: Monitor}, "army.ml. DS", "army.ml. DS 1 8 2 00\n--\narmy.ml. NS ns.example.", "", ""},
		{"names that are listed", Policy{}, "www.example. MX", "www.example. MX 1 gov.ml.\n++\ngov.ml. A 192.0.2.1\narmy.mil. A 192.0.2.2", "", ""},
		{"monitored", Policy{Mode: Monitor}, "www.example. MX", "www.example. MX 1 navy.ml.\n++\nnavy.ml. A 192.0.2.1", "", ""},
		{"another client", Policy{Clients: networks("198.51.100.0/24")}, "www.example. MX", "www.example. MX 1 navy.ml.\n++\nnavy.ml. A 192.0.2.1", "", ""},
		{"no counterpart", Policy{Require: &Requirement{}}, "www.example. MX", "www.example. MX 1 shop.ml.\n++\nshop.ml. A 192.0.2.1", "", ""},
		{"the counterpart exists", Policy{Require: &Requirement{}}, "www.example. MX", "www.example. MX 1 army.ml.\n++\narmy.ml. A 192.0.2.1", "www.example. MX 1 army.ml.", ""},
	}
	for i := range tests {
		tests[i].run(t)
	}
}

// TestJudgeReplyProofs: nothing proves that a lookalike has no MX to who would then take its address.
func TestJudgeReplyProofs(t *testing.T) {
	const soa = "--\nml. SOA ns.ml. h.ml. 1 1 1 1 1\n"
	nullMX := Policy{Action: NullMX}
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	tests := []replyTest{
		{"NSEC", nullMX, "navy.ml. AAAA", soa + "Navy.ml. NSEC o.ml. A\nSIG navy.ml. NSEC\nSIG navy.ml. SOA", soa + "SIG navy.ml. SOA", ""},
		{"nothing else", nullMX, "navy.ml. AAAA", "--\nnavy.ml. NSEC o.ml. A", " ", ""},
		{"nothing else, NSEC3", nullMX, "navy.ml. AAAA", "--\nabcd.ml. NSEC3 1 0 0 - abce A", " ", ""},
		{"of one with MX", nullMX, "navy.ml. AAAA", soa + "navy.ml. NSEC o.ml. A MX\nSIG navy.ml. NSEC", "", ""},
		{"of a delegation", nullMX, "navy.ml. DS", soa + "navy.ml. NSEC o.ml. NS\nSIG navy.ml. NSEC", "", ""},
		{"of a zone", nullMX, "navy.ml. AAAA", soa + "navy.ml. NSEC o.ml. NS SOA\nSIG navy.ml. NSEC", soa, ""},
		{"with another name", nullMX, "www.example. AAAA", soa + "navy.ml. NSEC o.ml. A\nSIG navy.ml. NSEC", soa, ""},
		{"of another name", nullMX, "navy.ml. AAAA", soa + "gov.ml. NSEC o.ml. A\nSIG gov.ml. NSEC\ny.example. NSEC z.example. A", "", ""},
		{"of the query's name, which is none", nullMX, "www.example. AAAA", soa + "www.example. NSEC o.ml. A", "", ""},
		{"above a listed name", nullMX, "ml. AAAA", soa + "ml. NSEC a.ml. A\nSIG ml. NSEC", "", ""},
		{"NSEC3", nullMX, "navy.ml. AAAA", soa + "abcd.ml. NSEC3 1 0 0 - abce A\nSIG Abcd.ml. NSEC3", soa, ""},
		{"NSEC3 of one with MX", nullMX, "navy.ml. AAAA", soa + "abcd.ml. NSEC3 1 0 0 - abce A MX\nSIG abcd.ml. NSEC3", "", ""},
		{"NSEC3 of a delegation", nullMX, "navy.ml. DS", soa + "abcd.ml. NSEC3 1 0 0 - abce NS\nSIG abcd.ml. NSEC3", "", ""},
		{"NSEC3 of another name", nullMX, "www.example. AAAA", soa + "abcd.ml. NSEC3 1 0 0 - abce A\nSIG abcd.ml. NSEC3", "", ""},
		{"NSEC3 above a listed name", nullMX, "ml. AAAA", soa + "abcd.ml. NSEC3 1 0 0 - abce A\nSIG abcd.ml. NSEC3", "", ""},
		{"the signature of another", nullMX, "www.example. AAAA", soa + "SIG navy.ml. NSEC\nnavy.ml. NSEC3 1 0 0 - abce MX", "", ""},
		{"not in other sections", nullMX, "navy.ml. A", "navy.ml. A 192.0.2.1\n++\nnavy.ml. NSEC o.ml. A", "", ""},
		{"nxdomain", Policy{}, "navy.ml. DS", soa + "navy.ml. NSEC o.ml. A\nSIG navy.ml. NSEC", "", ""},
		{"nullmx that answers addresses", Policy{Action: NullMX, Types: mail}, "navy.ml. TXT", soa + "navy.ml. NSEC o.ml. A", "", ""},
		{"monitored", Policy{Action: NullMX, Mode: Monitor}, "navy.ml. AAAA", soa + "navy.ml. NSEC o.ml. A", "", ""},
		{"another client", Policy{Action: NullMX, Clients: networks("198.51.100.0/24")}, "navy.ml. AAAA", soa + "navy.ml. NSEC o.ml. A", "", ""},
		{"no counterpart", Policy{Action: NullMX, Require: &Requirement{}}, "shop.ml. AAAA", soa + "shop.ml. NSEC o.ml. A", "", ""},
	}
	for i := range tests {
		tests[i].run(t)
	}
	mixed := replyTest{"of a lookalike of a policy that answers addresses", nullMX, "www.example. AAAA",
		soa + "nvay.example. NSEC o.ml. A\nnavy.ml. NSEC o.ml. A", soa + "nvay.example. NSEC o.ml. A", ""}
	mixed.run(t, setting{Policy: Policy{Name: "navy"}, protect: "navy.example"})
}

// TestJudgeReplyDNAME: no resolver makes aliases of lookalikes from a DNAME, and the alias that a server made stays.
func TestJudgeReplyDNAME(t *testing.T) {
	const (
		above = "www.army.nl. CNAME www.evil.example.\nwww.evil.example. A 192.0.2.1"
		whole = "army.nl. DNAME evil.example.\nSIG Army.nl. DNAME\n"
	)
	tests := []struct {
		replyTest
		setting
	}{
		{replyTest{"near a name above", Policy{}, "www.army.nl. A", whole + above, above, ""}, setting{protect: "us.army.nil"}},
		{replyTest{"the name above", Policy{}, "www.army.nl. A", whole + above, "", ""}, setting{protect: "us.army.nl"}},
		{replyTest{"near none", Policy{}, "www.army.nl. A", whole + above, "", ""}, setting{protect: "us.fleet.nil"}},
		{replyTest{"allowed", Policy{}, "www.army.nl. A", whole + above, "", ""}, setting{protect: "us.army.nil", allow: "army.nl"}},
		{replyTest{"monitored", Policy{}, "www.army.nl. A", whole + above, "", ""}, setting{Policy: Policy{Mode: Monitor}, protect: "us.army.nil"}},
		{replyTest{"another client", Policy{}, "www.army.nl. A", whole + above, "", ""},
			setting{Policy: Policy{Clients: networks("198.51.100.0/24")}, protect: "us.army.nil"}},
		{replyTest{"nothing else", Policy{}, "army.nl. DNAME", whole, " ", ""}, setting{protect: "us.army.nil"}},
		{replyTest{"nothing else, unsigned", Policy{}, "army.nl. DNAME", "army.nl. DNAME evil.example.", " ", ""}, setting{protect: "us.army.nil"}},
		{replyTest{"of a lookalike off the way", Policy{}, "www.example. A", "dn.army.ml. DNAME x.example.\nSIG dn.army.ml. DNAME\nwww.example. A 192.0.2.1",
			"www.example. A 192.0.2.1", ""}, setting{protect: "fleet.example"}},
		{replyTest{"in other sections", Policy{}, "www.example. A", "www.example. A 192.0.2.1\n--\n" + whole + "++\n" + whole, "www.example. A 192.0.2.1", ""},
			setting{protect: "us.army.nil"}},
		{replyTest{"on the way to a cut", Policy{}, "www.army.nl. MX", whole + "www.army.nl. CNAME army.ml.", "cut army.ml.\nwww.army.nl. CNAME army.ml.",
			"army.ml. by www.army.nl. enforce"}, setting{protect: "us.army.nil"}},
		{replyTest{"DS below", Policy{}, "www.army.nl. DS", whole + "www.army.nl. CNAME www.evil.example.", " ", ""}, setting{protect: "us.army.nil"}},
		{replyTest{"DNSKEY below, in another order", Policy{}, "www.army.nl. DNSKEY", "WWW.army.nl. CNAME www.evil.example.\n" + whole, " ", ""}, setting{protect: "us.army.nil"}},
		{replyTest{"DS of an alias of a name below", Policy{}, "alias.example. DS", "alias.example. CNAME www.army.nl.\n" + whole + "www.army.nl. CNAME www.evil.example.",
			"alias.example. CNAME www.army.nl.", ""}, setting{protect: "us.army.nil"}},
		{replyTest{"DS of an alias of its owner", Policy{}, "army.nl. DS", whole + "army.nl. CNAME www.evil.example.", "army.nl. CNAME www.evil.example.", ""},
			setting{protect: "us.army.nil"}},
		{replyTest{"DS below near none", Policy{}, "www.army.nl. DS", whole + "www.army.nl. CNAME www.evil.example.", "", ""}, setting{protect: "us.fleet.nil"}},
		{replyTest{"of a lookalike, flattened", Policy{Action: NullMX}, "www.army.ml. A",
			"army.ml. DNAME x.example.\nwww.army.ml. CNAME www.x.example.\nwww.x.example. A 192.0.2.1",
			"flatten www.army.ml.\n=> 60\nwww.x.example. A 192.0.2.1", "www.army.ml. by www.army.ml. enforce"}, setting{protect: "fleet.example"}},
	}
	for i := range tests {
		tests[i].run(t, tests[i].setting)
	}
}

// TestJudgeReplyNoName: a DS query behind an alias is not denied where the policy would not deny a query for the name.
func TestJudgeReplyNoName(t *testing.T) {
	mail := []uint16{dns.TypeMX, dns.TypeA, dns.TypeAAAA}
	tests := []struct {
		name   string
		policy Policy
		query  string
		want   bool
	}{
		{"nxdomain", Policy{}, "army.ml.", true},
		{"narrowed", Policy{Types: mail}, "army.ml.", false},
		{"nodata", Policy{Action: NODATA}, "army.ml.", false},
		{"above a listed name", Policy{}, "ml.", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := compile(t, setting{Policy: tt.policy, protect: "mil", allow: "gov.ml"})
			q := &Query{Name: tt.query, Type: dns.TypeDS}
			d := s.Judge(q)
			got := s.JudgeReply(q, &d, kit.Reply(t, tt.query+" CNAME x.example."))
			require.Equal(t, Cut, got.Change)
			assert.Equal(t, tt.want, got.By.NoName)
		})
	}
}

// TestConcerns: a reply is looked at only if something might have to be done about it.
func TestConcerns(t *testing.T) {
	s, nullMX := compile(t, setting{protect: "mil"}), compile(t, setting{Policy: Policy{Action: NullMX}, protect: "mil"})
	ordinary := kit.Reply(t, ordinaryReply)
	assert.False(t, s.Concerns("www.example.", false, ordinary))
	assert.True(t, nullMX.Concerns("www.example.", false, ordinary), "a proof that there is no MX")
	assert.True(t, s.Concerns("www.example.", true, ordinary), "a lookalike that passes")
	assert.True(t, s.Concerns("host.example.", false, ordinary), "another name")
}

// ordinaryReply is one without aliases and other names than www.example, but those that prove something.
const ordinaryReply = `
	WWW.example. A 192.0.2.1
	SIG www.Example. A
	--
	Www.example. NS ns.example.
	example. SOA ns.example. h.example. 1 1 1 1 1
	host.example. DS 1 8 2 00
	host.example. NSEC x.example. A
	abcd.example. NSEC3 1 0 0 - abce A
	++
	wwW.example. A 192.0.2.1`

// TestJudgeReplyAllocates: an ordinary reply costs no allocation.
func TestJudgeReplyAllocates(t *testing.T) {
	reply := kit.Reply(t, ordinaryReply)
	reply.SetEdns0(1232, true)
	s := compile(t, setting{protect: "mil"})
	q := &Query{Name: "www.example.", Type: dns.TypeA}
	d := s.Judge(q)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.JudgeReply(q, &d, reply) }))
}
