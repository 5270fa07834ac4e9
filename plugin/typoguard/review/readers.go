package review

import (
	"slices"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// shown returns an event as an editor or somebody else may see it: editors see whole addresses, and all others only the domains in them.
func shown(editor bool, e *history.Event) *history.Event {
	if e.SMTP == nil || editor {
		return e
	}
	masked := *e
	masked.SMTP = withoutLocalParts(e.SMTP)
	masked.Parts = slices.Clone(e.Parts)
	for i, p := range masked.Parts {
		masked.Parts[i].SMTP = withoutLocalParts(p.SMTP)
	}
	return &masked
}

// withoutLocalParts returns mail as it is logged without addresses; nil for nil.
func withoutLocalParts(mail *event.SMTP) *event.SMTP {
	if mail == nil {
		return nil
	}
	masked := *mail
	for _, address := range []*string{&masked.Sender, &masked.Recipient} {
		*address = (*address)[strings.LastIndexByte(*address, '@')+1:]
	}
	return &masked
}
