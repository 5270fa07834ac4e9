package rows

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/names"
)

// TestEstimate: the number of rows is known before they are made, exactly or nearly.
func TestEstimate(t *testing.T) {
	many := func(seed uint64, count int) string {
		return strings.Join(names.Mixed.Make(rand.New(rand.NewPCG(seed, 2)), count), " ")
	}
	for _, tt := range []struct {
		name, text string
		within     float64
	}{
		{"nothing", "protect army.test\n kinds omission\n allow ary.test amy.test arm.test rmy.test army.tst army.est army.tes army.tet armytest", 0},
		{"a top-level domain", "protect mil\n allow gov.ml", 0},
		{"a domain", "protect army.mil", 0},
		{"domains of which one is below a lookalike of another", "protect mil navy.ml\n allow a.b.c.il", 0},
		{"names between an exception, or a lookalike, and .il", "protect mil\n allow a.b.c.il\n}\n typoguard two {\n protect army.b.c.il\n action nodata", 0},
		{"a sinkhole", "protect army.mil navy.mil\n action sinkhole 192.0.2.25 192.0.2.26", 0},
		{"at distance 2", "protect mindef.nl\n distance 2", 0.01},
		{"a sinkhole, at distance 2", "protect mindef.nl navy.mil\n distance 2\n action sinkhole 192.0.2.25", 0.01},
		{"many domains", "protect " + many(1, 300), 0.01},
		{"domains below suffixes", "protect com net mil " + many(1, 400), 0.01},
		{"domains of two distances", "protect " + many(4, 40) + "\n}\n typoguard strict {\n protect mindef.nl navy.mil\n distance 2", 0.01},
		{"without homoglyphs", "protect " + many(5, 150) + "\n kinds omission substitution", 0.01},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := selectAll(t, fmt.Sprintf(". {\n typoguard {\n %s\n }\n}", tt.text))
			rows := 0
			_, err := s.Plan(false).Each("rpz.example.", func(r *Rule) error {
				rows += len(r.Own) + len(r.Below)
				return nil
			})
			require.NoError(t, err)
			began := time.Now()
			estimate := s.Plan(false).Estimate("rpz.example.")
			t.Logf("%d rows, estimated %d in %.2f s", rows, estimate, time.Since(began).Seconds())
			assert.InDelta(t, rows, estimate, tt.within*float64(rows))
		})
	}
}
