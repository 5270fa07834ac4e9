package logs

import (
	"bytes"
	"slices"
)

// format is a format of log lines.
type format struct {
	name string
	// mail says that it is of a mail server: a log of it without any delivery is strange.
	mail bool
	// wrote reports whether a program, by its name in syslog, writes it.
	wrote func(program []byte) bool
	// claims reports whether a message without a known program has its form.
	claims func(message []byte) bool
	// start makes the parser; nil for what is recognised by the file or the line as a whole.
	start func(*shared) parser
}

// The numbers of the formats.
const (
	postfixFormat formatNumber = iota
	eximFormat
	sendmailFormat
	opensmtpdFormat
	qmailFormat
	courierFormat
	harakaFormat
	rspamdFormat
	esaFormat
	corednsFormat
	bindFormat
	unboundFormat
	dnsmasqFormat
	powerdnsFormat
	windowsFormat
	dnstapFormat
	suricataFormat
	zeekFormat
	journalFormat
	objectFormat
	tableFormat
	namesFormat
	binaryFormat
	numFormats

	noFormat formatNumber = -1
)

// formatNumber is the place of a format in the table.
type formatNumber int8

// formats returns all formats. The order matters only where claims overlap. It is a function, since parsers and the table
// know each other.
func formats() [numFormats]format {
	return [numFormats]format{
		postfixFormat:   {"postfix", true, isPostfix, claimsPostfix, newPostfix},
		eximFormat:      {"exim", true, startsWith("exim"), claimsExim, newExim},
		sendmailFormat:  {"sendmail", true, startsWith("sendmail", "sm-"), claimsSendmail, newSendmail},
		opensmtpdFormat: {"opensmtpd", true, startsWith("smtpd", "opensmtpd", "OpenSMTPD"), claimsOpenSMTPD, newOpenSMTPD},
		qmailFormat:     {"qmail", true, startsWith("qmail"), claimsQmail, newQmail},
		courierFormat:   {"courier", true, startsWith("courierd", "courieresmtp", "courierlocal"), claimsCourier, newCourier},
		harakaFormat:    {"haraka", true, startsWith("haraka"), claimsHaraka, newHaraka},
		rspamdFormat:    {"rspamd", false, startsWith("rspamd"), claimsRspamd, newRspamd},
		esaFormat:       {"cisco-esa", true, nil, claimsESA, newESA},
		corednsFormat:   {"coredns", false, startsWith("coredns"), claimsCoreDNS, newCoreDNS},
		bindFormat:      {"bind", false, startsWith("named"), claimsBIND, newBIND},
		unboundFormat:   {"unbound", false, startsWith("unbound"), claimsUnbound, newUnbound},
		dnsmasqFormat:   {"dnsmasq", false, startsWith("dnsmasq", "pihole"), claimsDnsmasq, newDnsmasq},
		powerdnsFormat:  {"powerdns", false, startsWith("pdns_recursor", "pdns-recursor"), claimsPowerDNS, newPowerDNS},
		windowsFormat:   {"windows-dns", false, nil, claimsWindowsDNS, newWindowsDNS},
		dnstapFormat:    {"dnstap", false, nil, nil, newDnstap},
		suricataFormat:  {name: "suricata"},
		zeekFormat:      {name: "zeek"},
		journalFormat:   {name: "journal"},
		objectFormat:    {name: "json"},
		tableFormat:     {name: "table"},
		namesFormat:     {name: "names"},
		binaryFormat:    {name: "binary"},
	}
}

// Formats returns the names of the formats that the option -format takes.
func Formats() []string {
	var names []string
	for i, f := range formats() {
		if f.start != nil || formatNumber(i) == namesFormat {
			names = append(names, f.name)
		}
	}
	return names
}

// IsFormat reports whether the option -format takes a name.
func IsFormat(name string) bool { return slices.Contains(Formats(), name) }

// startsWith returns a function that reports whether a program's name begins with one of these.
func startsWith(prefixes ...string) func([]byte) bool {
	return func(program []byte) bool {
		for _, prefix := range prefixes {
			if bytes.HasPrefix(program, []byte(prefix)) {
				return true
			}
		}
		return false
	}
}
