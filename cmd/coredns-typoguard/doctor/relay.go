package doctor

import (
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/policy"
)

// setting is a place in a file where a mail server names a host.
type setting struct {
	server, file string
	line         *regexp.Regexp // its group is the host
}

// relays are the places where mail servers name a smart host: another host looks up the domain then, and this one's resolver does not
// matter.
var relays = []setting{
	{"Postfix", "/etc/postfix/main.cf", regexp.MustCompile(`(?m)^[ \t]*relayhost[ \t]*=[ \t]*(\S+)`)},
	{"Postfix", "/etc/postfix/main.cf", regexp.MustCompile(`(?m)^[ \t]*default_transport[ \t]*=[ \t]*(?:smtp|relay|lmtp):(\S+)`)},
	{"Exim", "/etc/exim4/update-exim4.conf.conf", regexp.MustCompile(`(?m)^dc_smarthost='([^']+)'`)},
	{"Sendmail", "/etc/mail/sendmail.cf", regexp.MustCompile(`(?m)^DS(\S+)`)},
	{"OpenSMTPD", "/etc/smtpd.conf", regexp.MustCompile(`(?m)^[ \t]*action\b.*\brelay\b.*\bhost[ \t]+"?([^"\s]+)`)},
}

// fallbacks are the places where mail servers name a host that gets the mail for which they find no other: a lookalike that is hidden
// from them goes there.
var fallbacks = []setting{
	{"Postfix", "/etc/postfix/main.cf", regexp.MustCompile(`(?m)^[ \t]*(?:smtp_)?fallback_relay[ \t]*=[ \t]*(?:\n[ \t]+)?([^$#\s][^\s,]*)`)},
	{"Postfix", "/etc/postfix/master.cf", regexp.MustCompile(`(?m)^[^#\n]*-o[ \t]*(?:smtp_)?fallback_relay=([^$\s][^\s,]*)`)},
	{"Sendmail", "/etc/mail/sendmail.cf", regexp.MustCompile(`(?mi)^O[ \t]*Fallback(?:MX|Smart)host[ \t]*=[ \t]*(\S+)`)},
}

// examineRelays reports smart hosts and fallback relays.
func (e *examination) examineRelays() {
	found := false
	for _, r := range relays {
		for _, host := range e.named(r) {
			found = true
			e.add(fault, "relay", fmt.Sprintf("%s hands mail to %s, which looks up domains itself", r.server, host),
				"guard the resolver of that host; see \"What it cannot see\" in README.md")
		}
	}
	for _, r := range fallbacks {
		for _, host := range e.named(r) {
			found = true
			e.addFallback(r.server, host)
		}
	}
	if !found {
		e.add(fine, "relay", "no mail server known here has a smart host", "")
	}
}

// addFallback reports a fallback relay. It does not get what a sinkhole refuses, but it does if the sinkhole is down or busy.
func (e *examination) addFallback(server, host string) {
	const remedy = "guard the resolver of that host, or let this one ask a lookalike_zone"
	if e.sinksAll() {
		e.add(warning, "relay", fmt.Sprintf("%s hands mail to the fallback relay %s, which looks up domains itself, when the sinkhole does not answer", server, host), remedy)
		return
	}
	e.add(fault, "relay", fmt.Sprintf("%s hands mail for hidden domains to the fallback relay %s, which looks them up itself", server, host), remedy+", or use action sinkhole with smtp")
}

// sinksAll reports whether a sinkhole takes all mail to lookalikes.
func (e *examination) sinksAll() bool {
	for _, b := range e.blocks.Selected() {
		if b.Set != nil && slices.ContainsFunc(b.Set.Policies, func(p *policy.Policy) bool { return p.Action != policy.Sinkhole }) {
			return false
		}
	}
	return true
}

// named returns the hosts that a setting names; none if that server is not here.
func (e *examination) named(r setting) []string {
	text, err := os.ReadFile(e.path(r.file))
	if err != nil {
		return nil
	}
	var all []string
	for _, m := range r.line.FindAllSubmatch(text, -1) {
		all = append(all, string(m[1]))
	}
	return all
}
