//go:build e2e

package rpz_test

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

const (
	// workers ask a server at the same time.
	workers = 8
	// answerWithin is how long a server has for an answer, and tries how often it is asked.
	answerWithin = 2 * time.Second
	tries        = 3
)

// Outcomes other than records and the names of response codes.
const (
	passed = "passed" // what the upstream says
	noData = "NODATA"
	// itself is an MX record that names the lookalike, be it the name that was asked for or one above.
	itself = "MX 10 itself"
)

// question is what is asked of every server.
type question struct {
	name  string // as it is asked
	qtype uint16
}

// String returns the question as it stands in a message.
func (q question) String() string { return q.name + " " + dns.TypeToString[q.qtype] }

// askAll asks the server at a port all questions, and returns the outcomes, in order.
func askAll(t *testing.T, port string, questions []question) []string {
	t.Helper()
	outcomes := make([]string, len(questions))
	client := &dns.Client{Timeout: answerWithin}
	var conns [workers]*dns.Conn
	var wait sync.WaitGroup
	for worker := range workers {
		var err error
		conns[worker], err = client.Dial(net.JoinHostPort("127.0.0.1", port))
		require.NoError(t, err)
		defer conns[worker].Close()
		wait.Go(func() {
			for i := worker; i < len(questions); i += workers {
				outcomes[i] = ask(client, conns[worker], questions[i])
			}
		})
	}
	wait.Wait()
	return outcomes
}

// ask asks one question, again if there is no answer, and returns the outcome.
func ask(client *dns.Client, conn *dns.Conn, q question) string {
	query := new(dns.Msg).SetQuestion(dns.Fqdn(q.name), q.qtype)
	var err error
	for range tries {
		query.Id = dns.Id()
		var reply *dns.Msg
		if reply, _, err = client.ExchangeWithConn(query, conn); err == nil {
			return outcome(reply)
		}
	}
	return err.Error()
}

// outcome returns what an answer says.
func outcome(reply *dns.Msg) string {
	if reply.Rcode != dns.RcodeSuccess {
		return dns.RcodeToString[reply.Rcode]
	}
	q := reply.Question[0]
	var data []string
	for _, rr := range reply.Answer {
		switch rr := rr.(type) {
		case *dns.CNAME, *dns.RRSIG: // what counts is what is there, be it under another name or signed
			continue
		case *dns.MX:
			if rr.Preference == 10 && dns.IsSubDomain(rr.Mx, q.Name) {
				data = append(data, itself)
				continue
			}
		}
		text := strings.TrimPrefix(rr.String(), rr.Header().String())
		data = append(data, dns.TypeToString[rr.Header().Rrtype]+" "+text)
	}
	slices.Sort(data)
	switch all := strings.Join(data, ", "); all {
	case "":
		return noData
	case records[q.Qtype]:
		return passed
	default:
		return all
	}
}
