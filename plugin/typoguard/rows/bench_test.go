package rows

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/names"
)

// BenchmarkEach makes the zones of policies, one row of which is a record. It counts the process's CPU time, which is less than what passes on a
// busy machine.
func BenchmarkEach(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"top level", "protect mil"},
		{"200 domains at distance 1", "protect " + strings.Join(names.Mixed.Make(rand.New(rand.NewPCG(1, 2)), 200), " ")},
		{"six domains at distance 1", "protect army.mil navy.mil af.mil mindef.nl state.gov nato.int"},
		{"six domains at distance 2", "protect army.mil navy.mil af.mil mindef.nl state.gov nato.int\n distance 2"},
		{"long domain at distance 2", "protect bundesministerium.example\n distance 2"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := selectAll(b, fmt.Sprintf(". {\n typoguard {\n %s\n }\n}", bench.text))
			rows := 0
			began := cpuTime(b)
			for b.Loop() {
				rows = 0
				_, err := s.Plan(false).Each("typoguard.invalid.", func(r *Rule) error {
					rows += len(r.Own) + len(r.Below)
					return nil
				})
				require.NoError(b, err)
			}
			b.ReportMetric(float64(rows), "rows")
			b.ReportMetric(float64(rows)*float64(b.N)/(cpuTime(b)-began).Seconds(), "rows/cpu-s")
		})
	}
}

// BenchmarkEstimate measures what it costs to know how many rows a zone of some million has.
func BenchmarkEstimate(b *testing.B) {
	s := selectAll(b, ". {\n typoguard {\n protect "+strings.Join(names.Mixed.Make(rand.New(rand.NewPCG(1, 2)), 1000), " ")+"\n }\n}")
	s.Plan(false).Estimate("typoguard.invalid.") // characters that look alike are collected once
	rows := 0
	began := cpuTime(b)
	for b.Loop() {
		rows = s.Plan(false).Estimate("typoguard.invalid.")
	}
	b.ReportMetric(float64(rows), "rows")
	b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N), "cpu-s/op")
}

// cpuTime returns how much CPU time the process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
