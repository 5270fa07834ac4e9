package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// queriesPerSecond is how many names are asked for: few enough that the server has nearly all of its CPU left.
const queriesPerSecond = 500

// grace is how long the last answers may take.
const grace = 2 * time.Second

// sample is what came out of one phase in one round.
type sample struct {
	latencies []time.Duration // of the answers, in ascending order
	lost      int             // queries without an answer
	events    float64         // of the second process, per second
}

// quantile returns the latency that a share of the answers kept below.
func (s sample) quantile(share float64) time.Duration {
	return s.latencies[min(int(share*float64(len(s.latencies))), len(s.latencies)-1)]
}

func (s sample) String() string {
	return fmt.Sprintf("p50 %v, p99 %v, max %v, %d lost, %.0f/s", s.quantile(0.5), s.quantile(0.99), s.quantile(1), s.lost, s.events)
}

// probe asks a server for a name, over and over at fixed times, and returns how long the answers took from the time at
// which the query was due. A query that was sent late, because this process had no CPU, counts from when it was due.
func probe(ctx context.Context, server string, duration time.Duration) (sample, error) {
	conn, err := net.Dial("udp", server)
	if err != nil {
		return sample{}, err
	}
	defer conn.Close()
	count := int(duration.Seconds() * queriesPerSecond)
	due := make([]time.Time, count)
	begin := time.Now()
	for i := range due {
		due[i] = begin.Add(time.Duration(i) * time.Second / queriesPerSecond)
	}
	if err := conn.SetReadDeadline(begin.Add(duration + grace)); err != nil {
		return sample{}, err
	}
	sent := make(chan error, 1)
	go func() { sent <- sendQueries(ctx, conn, due) }()
	s, err := receiveAnswers(conn, due)
	if sendErr := <-sent; sendErr != nil {
		return sample{}, sendErr
	}
	return s, err
}

// sendQueries sends a query at each time. Its ID is its number.
func sendQueries(ctx context.Context, conn net.Conn, due []time.Time) error {
	query := new(dns.Msg).SetQuestion("cached.example.", dns.TypeMX)
	for i, at := range due {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(at)):
		}
		query.Id = uint16(i)
		packed, err := query.Pack()
		if err != nil {
			return err
		}
		if _, err := conn.Write(packed); err != nil {
			return err
		}
	}
	return nil
}

// receiveAnswers notes how long the answers took, until all are there or no more are waited for.
func receiveAnswers(conn net.Conn, due []time.Time) (sample, error) {
	var s sample
	answered := make([]bool, len(due))
	buffer := make([]byte, dns.MinMsgSize)
	for len(s.latencies) < len(due) {
		n, err := conn.Read(buffer)
		if err != nil {
			break // the deadline
		}
		id := int(buffer[0])<<8 | int(buffer[1])
		if n < 12 || id >= len(due) || answered[id] || buffer[3]&0xf != dns.RcodeSuccess {
			return sample{}, fmt.Errorf("an answer that does not belong to a query, or is an error: %x", buffer[:n])
		}
		answered[id] = true
		s.latencies = append(s.latencies, time.Since(due[id]))
	}
	s.lost = len(due) - len(s.latencies)
	if len(s.latencies) == 0 {
		return sample{}, io.ErrNoProgress
	}
	slices.Sort(s.latencies)
	return s, nil
}

// printTable prints the results in Markdown.
func printTable(w io.Writer, s settings, phases []*phase) {
	fmt.Fprintf(w, "Latency of DNS answers from the cache, %d queries a second, while others keep the server busy;\n", queriesPerSecond)
	fmt.Fprintf(w, "medians of %d rounds of %d s. The server has one CPU.\n\n", s.rounds, s.seconds)
	fmt.Fprintln(w, "| others | p50 | p99 | p99, lowest and highest | lost | a second |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|")
	for _, p := range phases {
		p99s := p.values(func(s sample) float64 { return float64(s.quantile(0.99)) })
		fmt.Fprintf(w, "| %s | %s | %s | %s, %s | %.0f | %.0f |\n", p.name,
			milliseconds(middle(p.values(func(s sample) float64 { return float64(s.quantile(0.5)) }))),
			milliseconds(middle(p99s)), milliseconds(p99s[0]), milliseconds(p99s[len(p99s)-1]),
			middle(p.values(func(s sample) float64 { return float64(s.lost) })),
			middle(p.values(func(s sample) float64 { return s.events })))
	}
	fmt.Fprintf(w, "\ngo run ./test/flood -rounds %d -seconds %d -connections %d\n", s.rounds, s.seconds, s.connections)
}

// values returns one value of every round, in ascending order.
func (p *phase) values(of func(sample) float64) []float64 {
	var values []float64
	for _, s := range p.samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values
}

// middle returns the median of sorted values, of two the higher.
func middle(values []float64) float64 { return values[len(values)/2] }

func milliseconds(nanoseconds float64) string {
	return fmt.Sprintf("%.2f ms", nanoseconds/float64(time.Millisecond))
}
