package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// cpus are the CPUs in use, as taskset names them: one for the servers, and one for dnsperf. If they shared their CPUs, a
// slower server would leave less to dnsperf and a faster one more, and the ratio would not be that of the servers. On a
// CPU of its own, with queries always waiting, a server is the bottleneck: dnsperf needs less CPU time for a query. All of them are for what
// cannot be seen on one.
type cpus struct{ servers, load, all string }

// chooseCPUs returns the first and the last of the CPUs that this process may use: where a core runs two threads, these
// are least likely to be on the same one.
func chooseCPUs() (cpus, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return cpus{}, err
	}
	_, rest, _ := strings.Cut(string(status), "Cpus_allowed_list:")
	list, _, _ := strings.Cut(strings.TrimSpace(rest), "\n") // such as 0-3,6
	numbers := strings.FieldsFunc(list, func(r rune) bool { return !unicode.IsDigit(r) })
	if len(numbers) < 2 {
		return cpus{}, fmt.Errorf("only CPU %q may be used; expected two, one for the servers and one for the load", list)
	}
	return cpus{servers: numbers[len(numbers)-1], load: numbers[0], all: strings.TrimSpace(list)}, nil
}

// cpuTime returns the CPU time that a process has used, in steps of 10 ms.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// See proc_pid_stat(5): user and system time are the fields 14 and 15, in hundredths of a second. The name of the
	// program, field 2, may hold anything, but field 3 follows the last parenthesis.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("reading the CPU time: %q; expected at least 15 fields", stat)
	}
	var total time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the CPU time: %w", err)
		}
		total += time.Duration(ticks) * 10 * time.Millisecond
	}
	return total, nil
}
