package typoguard

import (
	"fmt"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
)

func TestUnlikeNames(t *testing.T) {
	u := newUnlikeNames()
	for i := range 2 * unlikeSlots {
		hash := u.hash(fmt.Sprintf("%d.example.", i))
		assert.False(t, u.has(hash), i)
		u.add(hash)
		assert.True(t, u.has(hash), i)
	}
	assert.False(t, newUnlikeNames().has(u.hash("1.example.")), "another set of rules knows nothing")
}

// TestOnlyUnlikeNamesAreRemembered: asked again, every name gets the verdict it got before, and only names that no policy
// has anything to do with were remembered.
func TestOnlyUnlikeNamesAreRemembered(t *testing.T) {
	h := handler(t, "typoguard {\nprotect army.mil\nallow gov.ml\n}\ntypoguard others {\nprotect navy.nl\nclients 192.0.2.0/24\n}")
	names := map[string]bool{ // whether it is remembered
		"example.org.": true, "eXample.org.": true, "xn--80ak6aa92e.example.": true, ".": true,
		"us.army.mil.": false, "x.gov.ml.": false, "army.ml.": false, "arrny.mil.": false, "navy.nll.": false,
	}
	unlike := h.block.rules.Load().unlike
	for name, remembered := range names {
		t.Run(name, func(t *testing.T) {
			first := ask(t, t.Context(), h, query(name, dns.TypeMX))
			again := ask(t, t.Context(), h, query(name, dns.TypeMX))
			assert.Equal(t, first.Rcode, again.Rcode)
			assert.Equal(t, texts(first.Answer), texts(again.Answer))
			assert.Equal(t, remembered, unlike.has(unlike.hash(name)))
		})
	}
}
