package review

import (
	"html"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

// TestMailLogCommand: a shell gets the words that are meant, whatever the database's name.
func TestMailLogCommand(t *testing.T) {
	for _, history := range []string{"sqlite:///var/lib/typoguard/events.db", "postgres://typoguard@db1.corp.example:5432/typoguard", "postgres://u@/typoguard?host=/var/run/postgresql&sslmode=disable", "sqlite:///var/it's $HOME; `date`/e.db"} {
		command := mailLogCommand(history, &event.Event{ID: "qj3mvx4wka"})
		words, err := exec.CommandContext(t.Context(), "sh", "-fc", "printf '%s\\n' "+command).Output()
		require.NoError(t, err)
		assert.Equal(t, []string{"coredns-typoguard", "audit", "-join", history, "-event", "qj3mvx4wka", "/var/log/mail.log*"}, strings.Split(strings.TrimSuffix(string(words), "\n"), "\n"))
	}
	assert.Empty(t, mailLogCommand("sqlite:///e.db", &event.Event{ID: "qj3mvx4wka", Action: event.Registered}), "nobody wrote")
}

// TestFindInMailLog: the page of an event has the command, and so has the API, without a password.
func TestFindInMailLog(t *testing.T) {
	p := newPage(t, lookup("aaaaaaaaaa", time.Minute))
	s, err := newSite(historyconfig.Page{DSN: "postgres://typoguard:secret@db1,db2/typoguard?sslmode=require"}, p.store)
	require.NoError(t, err)
	p.site.history = s.history
	s.close()
	const command = "coredns-typoguard audit -join 'postgres://typoguard@db1,db2/typoguard?sslmode=require' -event aaaaaaaaaa /var/log/mail.log*"
	w := p.get("/events/aaaaaaaaaa")
	require.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), `<pre class="copy"><code>`+html.EscapeString(command)+`</code></pre>`)
	assert.Contains(t, p.get("/api/v1/events/aaaaaaaaaa").Body.String(), `"mail_log":"`+command+`"`)
}
