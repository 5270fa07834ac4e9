package policy

import (
	"fmt"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

func TestNegativeCache(t *testing.T) {
	c := newNegativeCache()
	for i := range 2 * negativeSlots {
		hash := c.hash(fmt.Sprintf("%d.example.", i))
		assert.False(t, c.has(hash), i)
		c.add(hash)
		assert.True(t, c.has(hash), i)
	}
	assert.False(t, newNegativeCache().has(c.hash("1.example.")), "another set knows nothing")
}

// TestOnlyMissesAreRemembered: asked again, every name gets the decision it got before, and only names that no policy has
// anything to do with were remembered.
func TestOnlyMissesAreRemembered(t *testing.T) {
	s := compile(t,
		setting{Policy: Policy{Name: "default"}, protect: "army.mil", allow: "gov.ml"},
		setting{Policy: Policy{Name: "others", Clients: networks("192.0.2.0/24")}, protect: "navy.nl"},
	)
	names := map[string]bool{ // whether it is remembered
		"example.org.": true, "eXample.org.": true, "xn--80ak6aa92e.example.": true, ".": true,
		"us.army.mil.": false, "x.gov.ml.": false, "army.ml.": false, "arrny.mil.": false, "navy.nll.": false,
	}
	for name, remembered := range names {
		t.Run(name, func(t *testing.T) {
			q := &Query{Name: name, Type: dns.TypeMX, Client: from("198.51.100.1")}
			first := s.Judge(q)
			assert.Equal(t, first, s.Judge(q))
			assert.Equal(t, remembered, s.negative.has(s.negative.hash(name)))
		})
	}
}
