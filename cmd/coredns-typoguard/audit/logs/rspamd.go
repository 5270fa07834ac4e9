package logs

import "bytes"

// rspamd reads the summary that Rspamd logs of each message, for which mail servers ask it before they take the message:
//
//	2026-11-21 23:38:15 #123(rspamd_proxy) <abc123>; proxy; rspamd_task_write_log: id: <…>, qid: <…>, ip: 10.0.0.1, from: <alice@corp.example>,
//	(default: F (no action): [1.2/15.0] […]), len: 512, …, rcpts: <bob@army.ml>, mime_rcpts: <bob@army.ml>
//
// What it lets pass is not delivered yet: that is for the mail server to log.
type rspamd struct{ record Record }

func newRspamd(*shared) parser { return &rspamd{} }

const rspamdSummary = "rspamd_task_write_log: "

func claimsRspamd(message []byte) bool {
	return len(message) > 0 && message[0] == '#' && bytes.Contains(message[:min(len(message), 300)], []byte("; rspamd_"))
}

// parse implements parser.
func (p *rspamd) parse(e *entry, found func(*Record)) Result {
	_, text, ok := cut(e.message, rspamdSummary)
	if !ok {
		return Other
	}
	rcpts, ok := field(text, ", rcpts: ")
	if !ok && !bytes.Contains(text, []byte(" digest: <")) {
		return Unknown // cut off before the recipients, or the operator's log_format leaves them out
	}
	if !ok {
		return Other // scanned without an envelope
	}
	_, action, ok := cut(text, "(default: ")
	_, action, ok1 := cut(action, " (")
	action, _, ok2 := cut(action, ")")
	if !ok || !ok1 || !ok2 {
		return Unknown
	}
	outcome := Asked
	switch string(action) {
	case "reject", "discard", "quarantine":
		outcome = Bounced
	case "soft reject", "greylist":
		outcome = Deferred
	}
	client, _ := field(text, ", ip: ")
	id, _ := field(text, ", qid: ")
	if id = bytes.Trim(id, "<>"); string(id) == "undef" {
		id = nil
	}
	_, from, _ := cut(text, ", from: ")
	sender, _, _ := address(from, ',')
	result := Other
	for len(rcpts) > 0 {
		addr, rest, ok := address(rcpts, ',')
		if !ok {
			return Unknown
		}
		rcpts = bytes.TrimPrefix(rest, []byte(","))
		r := &p.record
		*r = Record{Time: e.time, Outcome: outcome, Source: client, Sender: sender, ID: id}
		if r.setRecipient(addr) {
			found(r)
			result = Taken
		}
	}
	return result
}
