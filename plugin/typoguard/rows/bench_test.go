package rows

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkEach makes the zones of policies, one row of which is a record.
func BenchmarkEach(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"top level", "protect mil"},
		{"six domains at distance 1", "protect army.mil navy.mil af.mil mindef.nl state.gov nato.int"},
		{"six domains at distance 2", "protect army.mil navy.mil af.mil mindef.nl state.gov nato.int\n distance 2"},
		{"long domain at distance 2", "protect bundesministerium.example\n distance 2"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := selectAll(b, fmt.Sprintf(". {\n typoguard {\n %s\n }\n}", bench.text))
			rows := 0
			for b.Loop() {
				rows = 0
				_, err := s.Plan(false).Each("typoguard.invalid.", func(r *Rule) error {
					rows += len(r.Own) + len(r.Below)
					return nil
				})
				require.NoError(b, err)
			}
			b.ReportMetric(float64(rows), "rows")
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
