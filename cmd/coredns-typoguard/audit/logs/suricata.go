package logs

// readSuricata reads a line of Suricata's eve.json: queries for names, of each version of the format, and mail, of which it
// sees sender and recipients, but not what became of it.
func readSuricata(event map[string]any, c *Clock, found func(*Record)) Result {
	record := Record{Source: []byte(textOf(event["src_ip"]))}
	record.Time, _ = fieldTime(c, []byte(textOf(event["timestamp"])), false)
	switch event["event_type"] {
	case "dns":
		dns, _ := event["dns"].(map[string]any)
		switch dns["type"] {
		case "query", "request":
			return readSuricataQuestions(dns, record, found)
		case "answer", "response":
			return Other
		}
		return Unknown
	case "smtp":
		smtp, _ := event["smtp"].(map[string]any)
		record.Sender = cleaned([]byte(textOf(smtp["mail_from"])))
		if to := textOf(smtp["rcpt_to"]); to != "" {
			return readRecipients(to, "", record, found)
		}
	}
	return Other
}

// readSuricataQuestions reads one question, or the list that version 3 has.
func readSuricataQuestions(dns map[string]any, record Record, found func(*Record)) Result {
	questions, ok := dns["queries"].([]any)
	if !ok {
		questions = []any{dns}
	}
	result := Other
	for _, q := range questions {
		question, _ := q.(map[string]any)
		if result = readQuestion(textOf(question["rrname"]), textOf(question["rrtype"]), "", record, found); result == Unknown {
			return Unknown
		}
	}
	return result
}
