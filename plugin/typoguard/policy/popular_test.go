package policy

import (
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/match"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/popular"
)

// famous returns lists with popular domains.
func famous(tb testing.TB, names string) []*popular.List {
	tb.Helper()
	l, err := popular.Parse([]byte(names))
	require.NoError(tb, err)
	return []*popular.List{l}
}

// TestJudgePopular: a lookalike of a protected domain passes if it is, or lies under, exactly a popular domain, and nothing else does.
func TestJudgePopular(t *testing.T) {
	t.Parallel()
	const domains = "1,bing.com\nring.com\nexmple.com\nexample.com\nblogspot.com\nus.com\nshop.us.com\ncom.com\nmil.com\nml.example\n" +
		"modern.com\ngmial.com\nliv.com\nlive.com\nnls.uk\nschool.gov.ua\nyle.fi\nmail.com\narmyml.example\narmi.ml\nfoo.armi.nl\nsch.uk\n" +
		"arny.mil\nxn--mnchen-3ya.example"
	for _, tt := range []struct {
		name, protect, asked string
		want                 string // the popular domain
		verdict              Verdict
	}{
		{"itself", "ing.com", "bing.com", "bing.com", Popular},
		{"with a final dot, in upper case", "ing.com", "BING.com.", "bing.com", Popular},
		{"below it", "ing.com", "mail.eu.bing.com.", "bing.com", Popular},
		{"not listed", "ing.com", "wing.com", "", Lookalike},
		{"another name that ends alike", "ing.com", "xing.com", "", Lookalike},
		{"near no suffix", "ing.com", "example.com", "", Pass},
		{"no exact name", "bing.com", "bingg.com", "", Lookalike},
		{"an escaped dot", "mailxbing.com", `mail\.bing.com`, "", Lookalike},
		{"a single label", "mil", "ml.example", "", Pass},
		{"below what resembles a single label", "mil", "armi.ml", "", Lookalike},
		{"one of two suffixes has a single label", "mil army.mil", "armi.ml", "", Lookalike},
		{"the same top-level domain", "army.mil", "arny.mil", "arny.mil", Popular},
		{"a known typo", "gmail.com", "gmial.com", "", Lookalike},
		{"below a known typo", "gmail.com", "mail.gmial.com", "", Lookalike},
		{"a homoglyph", "modem.com", "modern.com", "", Lookalike},
		{"in Unicode", "munchen.example", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example", Popular},
		{"a popular domain in place of another one", "mail.example.com", "mail.exmple.com", "exmple.com", Popular},
		{"below that", "mail.example.com", "x.mail.exmple.com", "exmple.com", Popular},
		{"the difference is before the popular domain", "mail.example.com", "mial.example.com", "", Lookalike},
		{"an added dot", "exampl.ecom.org", "example.com.org", "", Lookalike},
		{"a popular domain in place of a top-level domain", "mail.ml.example", "mail.m.example", "", Lookalike},
		{"below a private suffix, of the same owner as what is protected", "acme.blogspot.com", "acmee.blogspot.com", "", Lookalike},
		{"a private suffix itself", "ups.com", "us.com", "us.com", Popular},
		{"below a private suffix", "ups.com", "mail.us.com", "", Lookalike},
		{"listed below a private suffix", "ups.com", "shop.us.com", "shop.us.com", Popular},
		{"the parent of public suffixes", "scm.uk", "sch.uk", "", Lookalike},
		{"what resembles a public suffix", "nhs.uk", "nls.uk", "nls.uk", Popular},
		{"below what resembles a public suffix", "gov.uk", "school.gov.ua", "", Lookalike},
		{"below what resembles a domain", "army.nl", "foo.armi.nl", "foo.armi.nl", Popular},
		{"beside that", "army.nl", "bar.armi.nl", "", Lookalike},
		{"protected itself", "ing.com bing.com", "bing.com", "", Protected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, setting{Policy: Policy{Name: "p", Popular: famous(t, domains)}, protect: tt.protect})
			d := s.Judge(&Query{Name: tt.asked, Type: dns.TypeMX})
			assert.Equal(t, tt.verdict, d.Verdict)
			assert.Equal(t, tt.want, d.Popular)
			assert.Equal(t, tt.verdict == Popular, d.Reported() && !d.Covered())
			hidden := compile(t, setting{Policy: Policy{Name: "p"}, protect: tt.protect})
			assert.Equal(t, tt.verdict == Popular || tt.verdict == Lookalike, func() bool {
				d := hidden.Judge(&Query{Name: tt.asked, Type: dns.TypeMX})
				return d.Enforced()
			}(), "without lists")
			suggested := Suggest(tt.asked, &Client{}, []*Set{s}, func(*Policy) bool { return true }, time.Now(), 3)
			assert.Equal(t, tt.verdict == Lookalike, len(suggested) > 0, "as a recipient's domain")
		})
	}
}

// TestJudgePopularAmong: another policy's match is not exempt because the name is popular for one; what covers it comes first.
func TestJudgePopularAmong(t *testing.T) {
	t.Parallel()
	exempts := Policy{Name: "exempts", Popular: famous(t, "bing.com")}
	for _, tt := range []struct {
		name     string
		settings []setting
		want     string
		verdict  Verdict
		outcome  Reason
	}{
		{"alone", []setting{{Policy: exempts, protect: "ing.com"}}, "exempts", Popular, IsPopular},
		{"with one that blocks", []setting{{Policy: exempts, protect: "ing.com"}, {Policy: Policy{Name: "blocks"}, protect: "ring.com"}}, "blocks", Lookalike, Hidden},
		{"with one that monitors", []setting{{Policy: exempts, protect: "ing.com"}, {Policy: Policy{Name: "m", Mode: Monitor}, protect: "ring.com"}}, "m", Lookalike, OnlyMonitored},
		{"with one for others", []setting{{Policy: exempts, protect: "ing.com"}, {Policy: Policy{Name: "o", Clients: networks("192.0.2.0/24")}, protect: "ring.com"}}, "exempts", Popular, IsPopular},
		{"both", []setting{{Policy: exempts, protect: "ing.com ring.com"}}, "exempts", Popular, IsPopular},
		{"that monitors", []setting{{Policy: Policy{Name: "m", Mode: Monitor, Popular: exempts.Popular}, protect: "ing.com"}}, "m", Popular, IsPopular},
		{"denied", []setting{{Policy: exempts, protect: "ing.com", deny: "bing.com"}}, "exempts", Lookalike, Hidden},
		{"denied above", []setting{{Policy: exempts, protect: "ing.com", deny: "com"}}, "exempts", Lookalike, Hidden},
		{"denied below", []setting{{Policy: exempts, protect: "ing.com", deny: "mail.bing.com"}}, "exempts", Popular, IsPopular},
		{"denied by another policy", []setting{{Policy: exempts, protect: "ing.com"}, {Policy: Policy{Name: "o"}, protect: "army.mil", deny: "bing.com"}}, "exempts", Popular, IsPopular},
		{"allowed", []setting{{Policy: exempts, protect: "ing.com", allow: "bing.com"}}, "", Allowed, ListedAllowed},
		{"allowed above, denied", []setting{{Policy: exempts, protect: "ing.com", allow: "com", deny: "bing.com"}}, "exempts", Lookalike, Hidden},
		{"denied above, allowed", []setting{{Policy: exempts, protect: "ing.com", allow: "bing.com", deny: "com"}}, "", Allowed, ListedAllowed},
		{"allowed above, denied by another policy", []setting{{Policy: exempts, protect: "ing.com", allow: "com"}, {Policy: Policy{Name: "o"}, protect: "army.mil", deny: "bing.com"}}, "", Allowed, ListedAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := compile(t, tt.settings...)
			d := s.Judge(&Query{Name: "bing.com.", Type: dns.TypeMX, Client: from("198.51.100.1")})
			assert.Equal(t, tt.verdict, d.Verdict)
			assert.Equal(t, tt.outcome, d.Outcome())
			if tt.want != "" {
				require.NotNil(t, d.Policy)
				assert.Equal(t, tt.want, d.Policy.Name)
			}
			if tt.verdict == Lookalike {
				assert.NotEmpty(t, Suggest("bing.com", &Client{}, []*Set{s}, func(*Policy) bool { return true }, time.Now(), 3), "as a recipient's domain")
			}
		})
	}
}

// TestJudgeReplyPopular: in a reply, a popular name is treated like any name that passes.
func TestJudgeReplyPopular(t *testing.T) {
	t.Parallel()
	s := compile(t, setting{Policy: Policy{Name: "p", Popular: famous(t, "bing.com")}, protect: "ing.com"})
	q := &Query{Name: "bing.com.", Type: dns.TypeA}
	d := s.Judge(q)
	for _, tt := range []struct {
		name  string
		alias []string
		want  Change
	}{
		{"its alias", []string{"bing.com. 60 IN CNAME cdn.example.", "cdn.example. 60 IN A 192.0.2.1"}, Keep},
		{"its alias into another popular name", []string{"bing.com. 60 IN CNAME www.bing.com.", "www.bing.com. 60 IN A 192.0.2.1"}, Keep},
		{"its alias into a lookalike", []string{"bing.com. 60 IN CNAME wing.com.", "wing.com. 60 IN A 192.0.2.1"}, Cut},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reply := new(dns.Msg)
			for _, text := range tt.alias {
				rr, err := dns.NewRR(text)
				require.NoError(t, err)
				reply.Answer = append(reply.Answer, rr)
			}
			found := s.JudgeReply(q, &d, reply)
			assert.Equal(t, tt.want, found.Change)
			assert.Empty(t, found.Drop)
		})
	}
}

// TestDenyContradiction: what is denied is on no other list, and not under a protected suffix.
func TestDenyContradiction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, protect, allow, deny, want string }{
		{"allowed", "ing.com", "bing.com", "bing.com", `list:1 - Error during parsing: "bing.com" is denied here and allowed at list:1; expected it on one list only`},
		{"protected", "ing.com", "", "bing.com ing.com", `list:2 - Error during parsing: "ing.com" is denied here, and "ing.com" is protected at list:1; expected a name that is not under a protected suffix`},
		{"under a protected suffix", "ing.com", "", "x.ing.com", `list:1 - Error during parsing: "x.ing.com" is denied here, and "ing.com" is protected at list:1; expected a name that is not under a protected suffix`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile([]*Policy{{Distance: 1}}, []Suffixes{{Protected: list(tt.protect), Allowed: list(tt.allow), Denied: list(tt.deny)}}, time.Now(), nil)
			assert.EqualError(t, err, tt.want)
		})
	}
}

// FuzzPopular: lists of popular domains only ever turn a lookalike of a domain into a popular one, by a name that is on the list, above
// the name that was asked for, and no known typo.
func FuzzPopular(f *testing.F) {
	f.Add("ing.com army.mil mil", "bing.com\narmy.ml", "x.bing.com.")
	f.Add("mail.example.com nhs.uk", "exmple.com\nnls.uk\nus.com", "mail.exmple.com")
	f.Add("gmail.com", "gmial.com\nmail.com", "g.mail.com")
	f.Fuzz(func(t *testing.T, protect, domains, name string) {
		lists, err := popular.Parse([]byte(domains))
		if err != nil {
			return
		}
		kinds := match.AllKinds
		compiled := func(p Policy) (*Set, error) {
			p.Distance, p.Kinds = 2, kinds
			return Compile([]*Policy{&p}, []Suffixes{{Protected: list(protect)}}, time.Now(), nil)
		}
		with, err := compiled(Policy{Popular: []*popular.List{lists}})
		if err != nil {
			return
		}
		without, err := compiled(Policy{})
		require.NoError(t, err)
		q := &Query{Name: name, Type: dns.TypeMX, Candidates: true}
		d, bare := with.Judge(q), without.Judge(q)
		if d.Verdict != Popular {
			assert.Equal(t, bare.Verdict, d.Verdict)
			return
		}
		assert.Equal(t, Lookalike, bare.Verdict)
		_, known := lists.Rank(d.Popular)
		assert.True(t, known)
		assert.True(t, dns.IsSubDomain(dns.Fqdn(d.Popular), dns.Fqdn(name)))
		assert.False(t, popular.IsTypo(d.Popular))
		for _, c := range d.Candidates {
			assert.Contains(t, c.Protected, ".")
			assert.NotEqual(t, match.Homoglyph.String(), c.Kind)
		}
	})
}
