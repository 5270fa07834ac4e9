package doctor

import (
	"fmt"
	"os"
	"regexp"
)

// relays are the places where mail servers name a smart host: another host looks up the domain then, and this one's resolver does not
// matter.
var relays = []struct {
	server, file string
	line         *regexp.Regexp // its group is the smart host
}{
	{"Postfix", "/etc/postfix/main.cf", regexp.MustCompile(`(?m)^[ \t]*relayhost[ \t]*=[ \t]*(\S+)`)},
	{"Postfix", "/etc/postfix/main.cf", regexp.MustCompile(`(?m)^[ \t]*default_transport[ \t]*=[ \t]*(?:smtp|relay|lmtp):(\S+)`)},
	{"Exim", "/etc/exim4/update-exim4.conf.conf", regexp.MustCompile(`(?m)^dc_smarthost='([^']+)'`)},
	{"Sendmail", "/etc/mail/sendmail.cf", regexp.MustCompile(`(?m)^DS(\S+)`)},
	{"OpenSMTPD", "/etc/smtpd.conf", regexp.MustCompile(`(?m)^[ \t]*action\b.*\brelay\b.*\bhost[ \t]+"?([^"\s]+)`)},
}

// examineRelays reports smart hosts.
func (e *examination) examineRelays() {
	found := false
	for _, r := range relays {
		text, err := os.ReadFile(e.path(r.file))
		if err != nil {
			continue // that server is not here
		}
		for _, m := range r.line.FindAllSubmatch(text, -1) {
			found = true
			e.add(fault, "relay", fmt.Sprintf("%s hands mail to %s, which looks up domains itself", r.server, m[1]),
				"guard the resolver of that host; see \"What it cannot see\" in README.md")
		}
	}
	if !found {
		e.add(fine, "relay", "no mail server known here has a smart host", "")
	}
}
