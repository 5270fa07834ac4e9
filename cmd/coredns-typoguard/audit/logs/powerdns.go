package logs

import "bytes"

// powerdns reads what PowerDNS Recursor logs of queries with logging.quiet off, structured and, before 4.6, as text:
//
//	msg="Question" subsystem="syncres" level="0" prio="Info" tid="2" ts="1733579704.098" ecs="" mtid="2" proto="udp" qname="army.ml" qtype="MX" remote="192.0.2.25:51800"
//	5 [1/1] question for 'army.ml|MX' from 192.0.2.25
type powerdns struct{ record Record }

func newPowerDNS(*shared) parser { return &powerdns{} }

func claimsPowerDNS(message []byte) bool {
	return bytes.HasPrefix(message, []byte(`msg="Question" subsystem=`))
}

// parse implements parser.
func (p *powerdns) parse(e *entry, found func(*Record)) Result {
	r := &p.record
	*r = Record{Time: e.time}
	var name, qtype, client []byte
	switch {
	case bytes.HasPrefix(e.message, []byte(`msg="Question" `)):
		name, _ = value(e.message, " qname=")
		qtype, _ = value(e.message, " qtype=")
		client, _ = value(e.message, " remote=")
		if seconds, ok := value(e.message, " ts="); ok && r.Time == 0 {
			r.Time, _ = unixTime(seconds)
		}
		if colon := bytes.LastIndexByte(client, ':'); colon >= 0 {
			client = bytes.Trim(client[:colon], "[]")
		}
	case bytes.Contains(e.message, []byte("question for '")):
		_, quoted, _ := cut(e.message, "question for '")
		quoted, from, _ := cut(quoted, "' from ")
		bar := bytes.LastIndexByte(quoted, '|')
		if bar < 0 {
			return Unknown
		}
		name, qtype = quoted[:bar], quoted[bar+1:]
		client, _ = word(from)
	default:
		return Other
	}
	if !r.setQuestion(name, qtype, client) {
		return Unknown
	}
	found(r)
	return Taken
}
