package digest

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter counts what becomes of a digest.
type counter struct {
	sent, failures int
	overdue        bool
}

func (c *counter) Sent()             { c.sent++ }
func (c *counter) Failed()           { c.failures++ }
func (c *counter) Overdue(late bool) { c.overdue = late }

// configured is a digest by the relay at an address.
func configured(relay string) historyconfig.Digest {
	return historyconfig.Digest{
		Name: "mailto:soc@corp.example", To: "soc@corp.example", From: "typoguard@corp.example", Relay: relay, Clear: true,
		Every: "day", At: "07:00", Zone: "UTC", Policies: "mil", Host: "ns1", Logger: slog.New(slog.DiscardHandler),
	}
}

// sender is a digest that looks when a test says so.
type sender struct {
	*Digest
	*counter
	t *testing.T
}

func newSender(t *testing.T, c historyconfig.Digest) *sender {
	t.Helper()
	count := &counter{}
	c.Observer = count
	d, err := newDigest(c)
	require.NoError(t, err)
	s, err := history.Open(historyconfig.Store{DSN: c.DSN, Host: c.Host})
	require.NoError(t, err)
	d.store = s
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return &sender{d, count, t}
}

// at is a time on a day of November.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC)
}

// looks has it look at a time, and compares what it has counted since the beginning.
func (s *sender) looks(now time.Time, sent, failed int, why string) {
	s.t.Helper()
	s.look(s.t.Context(), now)
	assert.Equal(s.t, [2]int{sent, failed}, [2]int{s.sent, s.failures}, why)
}

// TestOnceADay: a digest is sent once, whatever the clock does, and not at the first start.
func TestOnceADay(t *testing.T) {
	receiver := startReceiver(t, nil)
	c := configured(receiver.url("smtp"))
	c.DSN = history.SQLite(filepath.Join(t.TempDir(), "events.db"))
	s := newSender(t, c)
	s.looks(at(10, 15, 0), 0, 0, "at the first start")
	s.looks(at(11, 6, 59), 0, 0, "not yet")
	s.looks(at(11, 7, 0), 1, 0, "now")
	s.looks(at(11, 7, 1), 1, 0, "once")
	s.looks(at(10, 7, 1), 1, 0, "the clock was set back by a day")
	s.looks(at(11, 6, 0), 1, 0, "still")
	s.looks(at(11, 7, 2), 1, 0, "and it is seven again")
	s.looks(at(12, 7, 2), 2, 0, "the next day")
	again := newSender(t, c)
	again.looks(at(12, 8, 0), 0, 0, "another process knows")
	again.looks(at(14, 8, 0), 1, 0, "a day on which none was running is in the next")
	require.Len(t, receiver.messages(), 3)
	for n, from := range []string{"From Tue 10 Nov 2026 07:00 UTC to Wed 11", "From Wed 11 Nov 2026 07:00 UTC to Thu 12", "From Thu 12 Nov 2026 07:00 UTC to Sat 14"} {
		assert.Contains(t, receiver.messages()[n].text, from)
	}
}

// TestFirst: the first digest is sent when it is first due, however long before that a resolver has started, and has all since the time before.
func TestFirst(t *testing.T) {
	for name, tt := range map[string]struct {
		every      string
		start, due time.Time
		from       string
	}{
		"weekly":              {"monday", at(11, 12, 0), at(16, 7, 0), "From Mon 9 Nov 2026 07:00 UTC to Mon 16"},
		"weekly, just missed": {"monday", at(9, 12, 0), at(16, 7, 0), "From Mon 9 Nov 2026 07:00 UTC to Mon 16"},
		"daily, at night":     {"day", at(10, 4, 0), at(10, 7, 0), "From Mon 9 Nov 2026 07:00 UTC to Tue 10"},
		"daily, by day":       {"day", at(10, 15, 0), at(11, 7, 0), "From Tue 10 Nov 2026 07:00 UTC to Wed 11"},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := startReceiver(t, nil)
			c := configured(receiver.url("smtp"))
			c.DSN, c.Every = history.SQLite(filepath.Join(t.TempDir(), "events.db")), tt.every
			s := newSender(t, c)
			s.looks(tt.start, 0, 0, "at the first start")
			s.looks(tt.due.Add(-time.Second), 0, 0, "not yet")
			newSender(t, c).looks(tt.due.Add(-time.Second), 0, 0, "another one begins nothing anew")
			s.looks(tt.due, 1, 0, "now")
			require.Len(t, receiver.messages(), 1)
			assert.Contains(t, receiver.messages()[0].text, tt.from)
		})
	}
}

// TestFirstAway: a digest begins with the start, even if the database was away then; a restart sends nothing that is too late.
func TestFirstAway(t *testing.T) {
	receiver := startReceiver(t, nil)
	c := configured(receiver.url("smtp"))
	c.DSN, c.Every = history.SQLite(filepath.Join(t.TempDir(), "events.db")), "monday"
	s := newSender(t, c)
	there := s.store
	s.store = &forgetful{store: there, fails: 2}
	s.looks(at(11, 12, 0), 0, 1, "at the first start")
	assert.True(t, s.overdue)
	s.looks(at(16, 7, 0), 0, 2, "still away")
	s.looks(at(16, 7, 1), 1, 2, "sent")
	assert.False(t, s.overdue)
	c.Relay = "smtp://127.0.0.1:1"
	newSender(t, c).looks(at(23, 7, 0), 0, 1, "the relay is away")
	c.Relay = receiver.url("smtp")
	again := newSender(t, c)
	again.looks(at(25, 7, 0), 0, 0, "too late")
	again.looks(at(30, 7, 0), 1, 0, "but not lost")
	require.Len(t, receiver.messages(), 2)
	for n, from := range []string{"From Mon 9 Nov 2026 07:00 UTC to Mon 16", "From Mon 16 Nov 2026 07:00 UTC to Mon 30"} {
		assert.Contains(t, receiver.messages()[n].text, from)
	}
}

// TestSeries: resolvers whose digests have the same policies share one mail; if the policies or the schedule differ, none goes without.
func TestSeries(t *testing.T) {
	receiver := startReceiver(t, nil)
	c := configured(receiver.url("smtp"))
	c.DSN, c.Policies = history.SQLite(filepath.Join(t.TempDir(), "events.db")), "mil\nnavy"
	first := newSender(t, c)
	c.Host, c.Policies = "ns2", "navy\nmil"
	same := newSender(t, c)
	var others []*sender
	for _, change := range []func(*historyconfig.Digest){
		func(c *historyconfig.Digest) { c.Policies = "mil" },
		func(c *historyconfig.Digest) { c.Policies = "mil,navy" },
		func(c *historyconfig.Digest) { c.Policies += strings.Repeat("\nmil", 300) },
		func(c *historyconfig.Digest) { c.Policies += strings.Repeat("\nnavy", 300) },
		func(c *historyconfig.Digest) { c.Every = "wednesday" },
		func(c *historyconfig.Digest) { c.At = "06:59" },
		func(c *historyconfig.Digest) { c.Zone = "Europe/London" },
	} {
		other := c
		change(&other)
		others = append(others, newSender(t, other))
	}
	for _, s := range append(others, first, same) {
		s.looks(at(10, 8, 0), 0, 0, "at the first start")
	}
	first.looks(at(11, 7, 0), 1, 0, "whoever comes first")
	same.looks(at(11, 7, 0), 0, 0, "is enough for those with the same policies")
	for _, s := range others {
		s.looks(at(11, 7, 1), 1, 0, "but not for others")
	}
	ids := map[string]bool{}
	for _, m := range receiver.messages() {
		ids[m.header.Get("Message-Id")] = true
	}
	assert.Len(t, ids, 1+len(others), "a mailbox takes those of the same ID for the same")
}

// TestRelayAway: a digest that the relay does not take is tried again, less and less often, until it is too old; another resolver may have
// more luck.
func TestRelayAway(t *testing.T) {
	receiver := startReceiver(t, nil)
	c := configured("smtp://127.0.0.1:1")
	c.DSN = history.SQLite(filepath.Join(t.TempDir(), "events.db"))
	away := newSender(t, c)
	away.looks(at(10, 8, 0), 0, 0, "at the first start")
	away.looks(at(11, 7, 0), 0, 1, "away")
	assert.True(t, away.overdue)
	away.looks(at(11, 7, 0).Add(5*time.Second), 0, 1, "not at once")
	away.looks(at(11, 7, 1), 0, 2, "a little later")
	for now := at(11, 7, 2); now.Before(at(12, 3, 0)); now = now.Add(time.Minute) {
		away.look(t.Context(), now)
	}
	assert.InDelta(t, 60, away.failures, 15, "three an hour or so")
	tries := away.failures
	assert.True(t, away.overdue)
	away.looks(at(12, 3, 1), 0, tries, "too late")
	assert.False(t, away.overdue)

	away.looks(at(12, 7, 0), 0, tries+1, "the next day")
	c.Relay, c.Host = receiver.url("smtp"), "ns2"
	near := newSender(t, c)
	near.looks(at(12, 7, 1), 1, 0, "another resolver reaches it")
	away.looks(at(12, 7, 2), 0, tries+1, "which this one sees")
	assert.False(t, away.overdue)
	require.Len(t, receiver.messages(), 1)
	assert.Contains(t, receiver.messages()[0].text, "From Tue 10 Nov 2026 07:00 UTC to Thu 12 Nov 2026 07:00 UTC", "what could not be sent")
}

// forgetful is a store that takes long to learn that a series begins, or that a digest was sent.
type forgetful struct {
	store
	fails int
}

func (f *forgetful) away() error {
	if f.fails--; f.fails >= 0 {
		return errors.New("the database is away")
	}
	return nil
}

func (f *forgetful) BeginDigest(ctx context.Context, name string, at, now time.Time) error {
	if err := f.away(); err != nil {
		return err
	}
	return f.store.BeginDigest(ctx, name, at, now)
}

func (f *forgetful) DigestSent(ctx context.Context, name string, until, now time.Time) error {
	if err := f.away(); err != nil {
		return err
	}
	return f.store.DigestSent(ctx, name, until, now)
}

// TestSentButNotNoted: a mail that was sent is not sent again because the database is away, as long as the process runs.
func TestSentButNotNoted(t *testing.T) {
	receiver := startReceiver(t, nil)
	c := configured(receiver.url("smtp"))
	c.DSN = history.SQLite(filepath.Join(t.TempDir(), "events.db"))
	s := newSender(t, c)
	s.looks(at(10, 8, 0), 0, 0, "at the first start")
	s.store = &forgetful{s.store, 1}
	s.looks(at(11, 7, 0), 1, 1, "sent")
	s.looks(at(11, 7, 2), 1, 1, "and noted")
	assert.False(t, s.overdue)
	assert.Len(t, receiver.messages(), 1)
}

// TestClose: a digest ends while a relay says nothing.
func TestClose(t *testing.T) {
	silent := startReceiver(t, nil)
	silent.hang()
	c := configured(silent.url("smtp"))
	c.Observer = &counter{}
	d, err := newDigest(c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	m, err := newMessage(&c, c.Name, at(11, 7, 0), at(11, 7, 0), "s", "b")
	require.NoError(t, err)
	go func() { done <- d.relay.send(ctx, m) }()
	<-silent.connected
	cancel()
	select {
	case err := <-done:
		require.Error(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("still sending")
	}
}

// TestCheck holds every message whole.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*historyconfig.Digest)
		want   string
	}{
		{"nothing wrong", func(*historyconfig.Digest) {}, ""},
		{"several recipients", func(c *historyconfig.Digest) { c.To = "soc@corp.example,desk@corp.example" }, ""},
		{"no recipient", func(c *historyconfig.Digest) { c.To = "" }, `address ""; expected one such as soc@corp.example, and several with a comma between them`},
		{"a name", func(c *historyconfig.Digest) { c.To = "SOC <soc@corp.example>" }, `address "SOC <soc@corp.example>"; expected one such as soc@corp.example, and several with a comma between them`},
		{"parameters", func(c *historyconfig.Digest) { c.To = "soc@corp.example?subject=x" }, `address "soc@corp.example?subject=x"; expected one such as soc@corp.example, and several with a comma between them`},
		{"no relay", func(c *historyconfig.Digest) { c.Relay = "" }, `relay or from is missing; expected both, such as relay smtp://mail.corp.example from typoguard@corp.example`},
		{"no sender", func(c *historyconfig.Digest) { c.From = "" }, `relay or from is missing; expected both, such as relay smtp://mail.corp.example from typoguard@corp.example`},
		{"two senders", func(c *historyconfig.Digest) { c.From = "a@b.example,c@d.example" }, `from "a@b.example,c@d.example"; expected an address such as typoguard@corp.example`},
		{"a bare host", func(c *historyconfig.Digest) { c.Relay = "mail.corp.example" }, `relay "mail.corp.example"; expected one such as smtp://mail.corp.example or smtps://mail.corp.example:465`},
		{"a password in the relay", func(c *historyconfig.Digest) { c.Relay = "smtp://a:b@mail.corp.example" }, `relay "smtp://a:b@mail.corp.example"; expected one such as smtp://mail.corp.example or smtps://mail.corp.example:465`},
		{"no port", func(c *historyconfig.Digest) { c.Relay = "smtp://mail.corp.example:0" }, `relay "smtp://mail.corp.example:0"; expected a port from 1 to 65535`},
		{"TLS and none", func(c *historyconfig.Digest) { c.Relay = "smtps://mail.corp.example" }, `starttls off with smtps, ca or login; expected it only for a relay that has no TLS, and wants no password`},
		{"a password in the clear", func(c *historyconfig.Digest) { c.Login = "a:b" }, `starttls off with smtps, ca or login; expected it only for a relay that has no TLS, and wants no password`},
		{"no password", func(c *historyconfig.Digest) { c.Clear, c.Login = false, "alice" }, `login: no user and password in the file; expected USER:PASSWORD`},
		{"no CA", func(c *historyconfig.Digest) { c.Clear, c.CA = false, "/nope" }, `ca: open /nope: no such file or directory`},
		{"a bad CA", func(c *historyconfig.Digest) { c.Clear, c.CA = false, "digest_test.go" }, `ca: digest_test.go contains no PEM certificate`},
		{"every month", func(c *historyconfig.Digest) { c.Every = "month" }, `every "month"; expected day, or one of sunday, monday, tuesday, wednesday, thursday, friday, saturday`},
		{"no time of day", func(c *historyconfig.Digest) { c.At = "7" }, `at "7"; expected a time of day such as 07:00`},
		{"no time zone", func(c *historyconfig.Digest) { c.Zone = "Mars/Base" }, `timezone "Mars/Base"; expected a name such as Europe/Amsterdam or UTC`},
		{"no URL", func(c *historyconfig.Digest) { c.URL = "review.corp.example" }, `url "review.corp.example"; expected that of the review page, such as https://review.corp.example:8053`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := configured("smtp://mail.corp.example")
			tt.change(&c)
			if err := Check(c); tt.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, strings.ReplaceAll(tt.want, "ROOT", ""))
			}
		})
	}
}
