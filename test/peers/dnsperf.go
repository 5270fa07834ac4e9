package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// cpus are the two CPUs in use, as taskset names them: one for the servers and one for dnsperf, which would otherwise
// take more CPU time from a fast server than from a slow one.
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

// load is what one run of dnsperf found.
type load struct {
	qps    float64 // answers per second
	perCPU float64 // answers per second of CPU time that the server used
}

// put loads the server for some seconds with the queries of a file, which all must be answered with NXDOMAIN.
func (s server) put(ctx context.Context, cpu, queries string, seconds int) (load, error) {
	before, err := s.cpuTime()
	if err != nil {
		return load{}, err
	}
	cmd := exec.CommandContext(ctx, "taskset", "-c", cpu, "dnsperf",
		"-s", "127.0.0.1", "-p", s.Port, "-d", queries, "-l", strconv.Itoa(seconds), "-e", "-W")
	output, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("dnsperf: %w\n%s", err, output)
	}
	after, err := s.cpuTime()
	if err != nil {
		return load{}, err
	}
	qps, duration, err := parseReport(string(output))
	if err != nil {
		return load{}, fmt.Errorf("dnsperf: %w\n%s", err, output)
	}
	return load{qps: qps, perCPU: qps * duration / (after - before).Seconds()}, nil
}

var (
	reportedCodes    = regexp.MustCompile(`Response codes: +(.*)`) // such as NOERROR 1 (50.00%), NXDOMAIN 1 (50.00%)
	reportedQPS      = regexp.MustCompile(`Queries per second: +([0-9.]+)`)
	reportedDuration = regexp.MustCompile(`Run time \(s\): +([0-9.]+)`)
)

// parseReport reads what dnsperf prints at the end: answers per second, and the duration in seconds. It returns an error
// if any answer was not NXDOMAIN. Queries may have been lost: dnsperf counts answers.
func parseReport(output string) (qps, duration float64, err error) {
	if codes := reportedCodes.FindStringSubmatch(output); codes == nil || !strings.HasPrefix(codes[1], "NXDOMAIN ") || strings.Contains(codes[1], ",") {
		return 0, 0, fmt.Errorf("response codes %q; expected NXDOMAIN only", codes)
	}
	if qps, err = number(reportedQPS, output); err != nil {
		return 0, 0, err
	}
	duration, err = number(reportedDuration, output)
	return qps, duration, err
}

// number returns the number that a pattern finds.
func number(pattern *regexp.Regexp, output string) (float64, error) {
	match := pattern.FindStringSubmatch(output)
	if match == nil {
		return 0, fmt.Errorf("expected %q in the report", pattern)
	}
	return strconv.ParseFloat(match[1], 64)
}
