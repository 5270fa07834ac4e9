package review

import (
	"regexp"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// plainWord matches what a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// mailLogCommand returns the command that finds the messages of an event in the log of a mail server; "" for one that no query led to. People
// run it where that log is: the server runs nothing.
func mailLogCommand(history string, e *event.Event) string {
	if e.Watched() || history == "" {
		return ""
	}
	if !plainWord.MatchString(history) {
		history = "'" + strings.ReplaceAll(history, "'", `'\''`) + "'"
	}
	return "coredns-typoguard audit -join " + history + " -event " + e.ID + " /var/log/mail.log*"
}
