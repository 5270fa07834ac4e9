package logs

import "bytes"

// statusOutcome is what a status in a table, or the event of a row, means.
type statusOutcome struct {
	outcome Outcome
	// counts is false for events that say nothing of the fate of a message: its arrival, or a step inside of the server.
	counts bool
}

// statuses are the words that tables of the known products use, in lower case and without what is no letter or digit.
var statuses = func() map[string]statusOutcome {
	all := map[string]statusOutcome{}
	for outcome, words := range map[Outcome][]string{
		Delivered: {"delivered", "delivery", "sent", "send", "sendexternal", "success", "successful", "succeeded", "ok", "completed", "accepted", "transmitted", "relayed", "outbounddelivered"},
		Bounced: {"failed", "fail", "failure", "bounced", "bounce", "hardbounce", "rejected", "reject", "undeliverable", "undelivered", "notdelivered", "dropped", "drop", "blocked", "block",
			"quarantined", "quarantine", "filteredasspam", "error", "denied", "expired", "suppressed", "discarded", "permfail"},
		Deferred: {"deferred", "defer", "pending", "delayed", "deliverydelay", "queued", "softbounce", "gettingstatus", "retry", "retrying", "throttled", "tempfail", "inprogress", "processing"},
	} {
		for _, word := range words {
			all[word] = statusOutcome{outcome, true}
		}
	}
	for _, word := range []string{
		"expanded", "expand", "resolved", "resolve", "receive", "received", "submit", "submitted", "submitdefer", "submitfail", "deliver", "duplicatedeliver", "dsn", "redirect", "transfer",
		"haredirect", "haredirectfail", "hareceive", "hadiscard", "load", "agentinfo", "badmail", "journalreport", "notifymapi", "process", "processed", "poisonmessage", "initmessagecreated",
		"moderatorapprove", "moderationexpire", "modifymessage", "throttle", "supresseddeliver", "duplicateexpand", "duplicateredirect", "resubmit", "resubmitdefer", "resubmitfail",
		"shadowreceive", "mapisubmit", "thumbprint", "open", "opened", "click", "complaint", "renderingfailure", "subscription", "inserted", "none", "new",
	} {
		all[word] = statusOutcome{}
	}
	return all
}()

// outcomeOf reads a status: a word, or a reply code. It reports false for one that nobody knows.
func outcomeOf(status []byte) (statusOutcome, bool) {
	status = bytes.TrimSpace(status)
	if o, ok := replied(status); ok {
		return statusOutcome{o, true}, true
	}
	if o, ok := statuses[normal(string(status))]; ok {
		return o, true
	}
	first, _ := word(status)
	o, ok := statuses[normal(string(first))]
	return o, ok && len(first) > 0
}
