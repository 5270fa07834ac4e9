package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// cpus are the two CPUs in use, as taskset names them: one for the servers and one for dnsperf. On a CPU of its own, with
// nothing to wait for, a server is the bottleneck as long as dnsperf takes less CPU time for a query than CoreDNS, which is
// so by far. Without this the two would take CPU time from each other, and what a slower server leaves to dnsperf would
// hide a part of the difference.
type cpus struct{ server, load string }

// chooseCPUs returns the first and the last of the CPUs that this process may use: where a core runs two threads, those
// two are least likely to be on one core.
func chooseCPUs() (cpus, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return cpus{}, err
	}
	_, rest, _ := strings.Cut(string(status), "Cpus_allowed_list:")
	list, _, _ := strings.Cut(rest, "\n") // such as 0-3,6
	numbers := strings.FieldsFunc(list, func(r rune) bool { return !unicode.IsDigit(r) })
	if len(numbers) < 2 {
		return cpus{}, fmt.Errorf("only CPU %q may be used; expected two, one for the servers and one for the load", strings.TrimSpace(list))
	}
	return cpus{server: numbers[len(numbers)-1], load: numbers[0]}, nil
}

// maxLost is the share of unanswered queries above which a run says nothing about the server.
const maxLost = 0.001

// load is what one run of dnsperf found.
type load struct {
	qps  float64 // answers per second
	busy float64 // share of its CPU that the server used
}

// put loads a server for some seconds with the queries of a file, which all must be answered with the same code. Queries
// have EDNS, as those of validating and most other resolvers do.
func (s *server) put(ctx context.Context, cpu, queries, rcode string, seconds int) (load, error) {
	before, err := s.cpuTime()
	if err != nil {
		return load{}, err
	}
	cmd := exec.CommandContext(ctx, "taskset", "-c", cpu, "dnsperf",
		"-s", "127.0.0.1", "-p", s.port, "-d", queries, "-l", strconv.Itoa(seconds), "-e", "-W")
	output, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("dnsperf: %w\n%s", err, output)
	}
	after, err := s.cpuTime()
	if err != nil {
		return load{}, errors.Join(err, s.failure())
	}
	r, err := parseReport(string(output))
	if err == nil {
		err = r.check(rcode)
	}
	if err != nil {
		return load{}, errors.Join(fmt.Errorf("dnsperf: %w\n%s", err, output), s.failure())
	}
	return load{qps: r.qps, busy: (after - before).Seconds() / r.duration}, nil
}

// report is what dnsperf prints at the end.
type report struct {
	sent, lost, duration, qps float64
	rcodes                    string
}

// parseReport reads a report.
func parseReport(output string) (report, error) {
	var r report
	for label, value := range map[string]*float64{
		"Queries sent": &r.sent, "Queries lost": &r.lost, "Run time (s)": &r.duration, "Queries per second": &r.qps,
	} {
		match := regexp.MustCompile(regexp.QuoteMeta(label) + `:\s+([0-9.]+)`).FindStringSubmatch(output)
		if match == nil {
			return report{}, fmt.Errorf("no %q in the report", label)
		}
		var err error
		if *value, err = strconv.ParseFloat(match[1], 64); err != nil {
			return report{}, fmt.Errorf("%s: %w", label, err)
		}
	}
	_, rest, _ := strings.Cut(output, "Response codes:")
	r.rcodes, _, _ = strings.Cut(strings.TrimSpace(rest), "\n") // such as NOERROR 1 (50.00%), NXDOMAIN 1 (50.00%)
	return r, nil
}

// check returns an error if queries were lost, or any was answered with another code than the given one.
func (r report) check(rcode string) error {
	if r.sent == 0 || r.lost > r.sent*maxLost {
		return fmt.Errorf("%.0f of %.0f queries lost; expected none", r.lost, r.sent)
	}
	if !strings.HasPrefix(r.rcodes, rcode+" ") || strings.Contains(r.rcodes, ",") {
		return fmt.Errorf("response codes %s; expected %s only", r.rcodes, rcode)
	}
	return nil
}
