package history

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestClaimDigest: of two resolvers one sends each digest, the other only if that one fails, or does not come back; and a digest begins where
// the last one that was sent has ended.
func TestClaimDigest(t *testing.T) {
	const name = "mailto:soc@corp.example"
	day := func(n int) time.Time { return time.Date(2026, 11, n, 6, 0, 0, 0, time.UTC) }
	for kind, database := range databases {
		t.Run(kind, func(t *testing.T) {
			dsn := database(t)
			stores := []*Store{open(t, historyconfig.Store{DSN: dsn, Host: "ns1"}), open(t, historyconfig.Store{DSN: dsn, Host: "ns2"})}
			claims := func(host int, until, now time.Time, want Claim, why string) {
				t.Helper()
				c, err := stores[host].ClaimDigest(t.Context(), name, until, now)
				require.NoError(t, err, why)
				assert.Equal(t, want, c, why)
			}
			begins := func(host int, at time.Time) {
				t.Helper()
				require.NoError(t, stores[host].BeginDigest(t.Context(), name, at, at.Add(time.Hour)))
			}
			sent := Claim{Sent: true}
			begins(0, day(1))
			claims(0, day(1), day(1).Add(time.Hour), sent, "the first time, there is nothing to send")
			claims(1, day(1), day(1).Add(time.Hour), sent, "for both")
			begins(1, day(1))
			begins(1, day(1).Add(time.Hour))

			claims(1, day(2), day(2), Claim{Ours: true, From: day(1)}, "whoever comes first")
			claims(0, day(2), day(2).Add(time.Minute), Claim{}, "the other waits")
			claims(1, day(2), day(2).Add(time.Minute), Claim{}, "so does the first, as long as it has not failed")
			require.NoError(t, stores[0].ReleaseDigest(t.Context(), name, day(2)), "which is not the other's to say")
			claims(0, day(2), day(2).Add(time.Minute), Claim{}, "still")
			require.NoError(t, stores[1].ReleaseDigest(t.Context(), name, day(2)))
			claims(0, day(2), day(2).Add(time.Minute), Claim{Ours: true, From: day(1)}, "after a failure")
			claims(1, day(2), day(2).Add(12*time.Minute), Claim{Ours: true, From: day(1)}, "after one that said nothing")
			require.NoError(t, stores[1].DigestSent(t.Context(), name, day(2), day(2).Add(13*time.Minute)))
			claims(0, day(2), day(2).Add(14*time.Minute), sent, "done")

			claims(0, day(3), day(3), Claim{Ours: true, From: day(2)}, "but not sent")
			claims(0, day(4), day(4), Claim{Ours: true, From: day(2)}, "so the next one has both days")
			require.NoError(t, stores[0].DigestSent(t.Context(), name, day(4), day(4)))

			wrong := day(4).AddDate(10, 0, 0)
			claims(0, wrong, wrong, Claim{Ours: true, From: wrong.Add(-longestDigest)}, "a clock that is years ahead")
			require.NoError(t, stores[0].DigestSent(t.Context(), name, wrong, wrong))
			claims(0, day(5), day(5), Claim{Ours: true, From: day(4)}, "changes nothing when it is right again")
		})
	}
}
