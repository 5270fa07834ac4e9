package logs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// role is what a column of a table, or a key of an object, means.
type role uint8

const (
	noRole role = iota
	recipientRole
	nameRole
	timeRole
	statusRole
	senderRole
	sourceRole
	typeRole
	classRole
	messageRole
	programRole
	connectorRole
	targetRole
	idRole
	numRoles
)

// roleNames are those that the option -column takes.
var roleNames = [numRoles]string{recipientRole: "recipient", nameRole: "name", timeRole: "time", statusRole: "status", senderRole: "sender",
	sourceRole: "source", typeRole: "type", messageRole: "message", programRole: "program", idRole: "id"}

// headers has for each role the usual names of its column, the best first, in lower case and without what is no letter or
// digit. They are those of Exchange and Microsoft 365, Google Workspace, mail gateways and services (Amazon SES), resolvers
// (AdGuard Home, Cisco Umbrella, Amazon Route 53, dnscollector), sensors (Zeek), and log stores (Elastic, Graylog, Loki,
// Splunk, rsyslog, syslog-ng, journald, Docker).
var headers = [numRoles][]string{
	recipientRole: {"recipientaddress", "recipientemailaddress", "recipientemail", "recipient", "recipients", "rcptto", "rcpt", "envelopeto", "enveloperecipient",
		"toaddress", "toaddresses", "emailto", "maildestination", "to", "recipientstatus", "emailaddress", "email", "mailaddress"},
	nameRole: {"queryname", "qname", "qh", "rrname", "dnsrrname", "dnsqueriesrrname", "query", "dnsqname", "querydomain", "questionname", "dnsquestionname", "domainname", "domain", "fqdn"},
	timeRole: {"sourcerealtimetimestamp", "realtimetimestamp", "datetime", "origintimestamputc", "datetimeutc", "received", "receivedtime", "eventdate", "startdate",
		"querytimestamp", "timestamp", "mailtimestamp", "isodate", "ts", "t", "datereceived", "eventtime", "time", "date", "logtime"},
	statusRole: {"eventid", "deliverystatus", "eventstatus", "finalstatus", "messagestatus", "lastreply", "eventtype", "notificationtype", "outcome", "result", "status", "event", "disposition"},
	senderRole: {"senderaddress", "senderemail", "sender", "mailfrom", "envelopefrom", "envelopesender", "fromaddress", "mailsource", "returnpath", "from"},
	sourceRole: {"originalclientip", "clientip", "idorigh", "srcip", "srcaddr", "sourceip", "fromip", "internalip", "clientaddress", "client", "ip", "remote", "clienthostname", "source"},
	typeRole:   {"qtypename", "querytype", "qtype", "rrtype", "dnsrrtype", "dnsqueriesrrtype", "qt", "recordtype", "dnsquestiontype"},
	classRole:  {"qclassname", "qclass", "queryclass", "qc"},
	messageRole: {"message", "raw", "msg", "log", "line", "textpayload", "fullmessage", "shortmessage", "sourcemessage", "resultraw", "fieldsmessage", "logmessage",
		"jsonpayloadmessage", "eventoriginal", "sourceeventoriginal", "content", "body"},
	programRole: {"syslogidentifier", "programname", "program", "syslogtag", "applicationname", "appname", "syslogappname", "syslogprogram", "ident", "processname",
		"sourceprocessname", "sourceprogram", "labelssyslogidentifier", "tag", "systemdunit"},
	connectorRole: {"connectorid"},
	targetRole:    {"eventtarget"},
	idRole:        {"queueid", "qid", "messageid", "mailmessageid", "messagetraceid", "networkmessageid", "internalmessageid"},
}

// roleOf returns the role of a column by its header, and how good a name of it this is: the less the better.
func roleOf(header string) (role, int) {
	plain := normal(header)
	for i := range headers {
		if n := slices.Index(headers[i], plain); n >= 0 {
			return role(i), n
		}
	}
	return noRole, 0
}

// normal returns a header in lower case, without what is no letter or digit.
func normal(header string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, header)
}

// isUTC reports whether times in a column without a zone are in UTC: Microsoft's message trace says so in its documentation.
func isUTC(header string) bool {
	switch normal(header) {
	case "received", "origintimestamputc", "datetimeutc", "startdate", "eventdate":
		return true
	}
	return false
}

// ParseColumns reads the option -column: "recipient=3,time=1", or with names in the header of the table.
func ParseColumns(s string) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	columns := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		name, column, ok := strings.Cut(part, "=")
		if !ok || column == "" || name == "" || !slices.Contains(roleNames[:], name) {
			return nil, fmt.Errorf("%q; expected %s=COLUMN, with the column's name or number", part, strings.Join(slices.DeleteFunc(slices.Clone(roleNames[:]), func(s string) bool { return s == "" }), "=COLUMN or "))
		}
		if n, err := strconv.Atoi(column); err == nil && n < 1 {
			return nil, fmt.Errorf("%q; expected a column from 1 on", part)
		}
		columns[name] = column
	}
	if columns["recipient"] == "" && columns["name"] == "" && columns["message"] == "" {
		return nil, errors.New("no column with what is to be judged; expected recipient=, name= or message=")
	}
	return columns, nil
}
