package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var resident = regexp.MustCompile(`(?m)^VmRSS:\s+([0-9]+) kB$`)

// memory returns how many bytes of the server are in memory.
func (s server) memory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		return 0, err
	}
	match := resident.FindSubmatch(status)
	if match == nil {
		return 0, fmt.Errorf("no VmRSS in %q", status)
	}
	kibibytes, err := strconv.ParseFloat(string(match[1]), 64)
	return kibibytes * 1024, err
}

// cpuTime returns how much CPU time the server has used, in steps of 10 ms.
func (s server) cpuTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		return 0, err
	}
	// See proc_pid_stat(5). The name of the program comes second, in parentheses; user and system time are the fields 14
	// and 15, in hundredths of a second.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var total time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", stat, err)
		}
		total += time.Duration(ticks) * 10 * time.Millisecond
	}
	return total, nil
}
