package logs

import (
	"slices"
	"strings"
)

// isInside reports whether a row of a mail service is about a step within the organisation, whose mail it follows from server
// to server: the delivery to the outside is a row of its own.
//
// Exchange hands a message to another server of the organisation with the event SEND and a connector of its own. Google has a
// row for each event, of which the one with the target SMTP_OUT is the delivery.
func isInside(value func(role) string) bool {
	if strings.EqualFold(value(statusRole), "SEND") && strings.Contains(strings.ToLower(value(connectorRole)), "intra-organization") {
		return true
	}
	return slices.Contains(googleInside, strings.ToUpper(value(targetRole)))
}

// googleInside are the targets of events that are no delivery to the outside.
var googleInside = []string{"SMTP_IN", "LIST_SERVER", "ARCHIVE_LIST_SERVER", "GMAIL_INBOX", "GMAIL_SPAM", "INTERNAL_SERVER"}

// isOutside reports whether nothing says that a row is about a step within the organisation.
func isOutside(value func(role) string) bool {
	target := value(targetRole)
	return target == "" || target == "-" || strings.EqualFold(target, "SMTP_OUT")
}
