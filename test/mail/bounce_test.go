//go:build e2e

package mail_test

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// bounce is what a delivery status notification (RFC 3464) tells the sender about one recipient.
type bounce struct {
	recipient, action, status, diagnostic string
	text                                  string // the part for people
}

// readBounces reads all mail in a Maildir, which must be delivery status notifications, and returns what they report.
func readBounces(t *testing.T, maildir string) []bounce {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(maildir, "new", "*"))
	require.NoError(t, err)
	var all []bounce
	for _, file := range files {
		all = append(all, parseBounce(t, kit.ReadFile(t, file))...)
	}
	return all
}

// parseBounce returns what a delivery status notification reports, recipient by recipient.
func parseBounce(t *testing.T, raw string) []bounce {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	require.NoErrorf(t, err, "reading a message to the sender:\n%s", raw)
	mediaType, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	require.NoErrorf(t, err, "reading the content type of a message to the sender:\n%s", raw)
	// Not multipart/report: OpenSMTPD says multipart/mixed.
	require.True(t, strings.HasPrefix(mediaType, "multipart/"), "a bounce has parts, this has the type %s", mediaType)

	var text string
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		require.NoErrorf(t, err, "looking for the delivery status in:\n%s", raw)
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		if strings.HasPrefix(part.Header.Get("Content-Type"), "message/delivery-status") {
			return parseDeliveryStatus(t, string(body), text)
		}
		text += string(body)
	}
}

// parseDeliveryStatus reads the groups of fields of RFC 3464: one about the message, then one for each recipient.
func parseDeliveryStatus(t *testing.T, body, text string) []bounce {
	t.Helper()
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(body + "\r\n\r\n")))
	_, err := r.ReadMIMEHeader()
	require.NoErrorf(t, err, "reading the delivery status:\n%s", body)
	var all []bounce
	for {
		fields, err := r.ReadMIMEHeader()
		if len(fields) == 0 || errors.Is(err, io.EOF) {
			return all
		}
		require.NoErrorf(t, err, "reading the delivery status:\n%s", body)
		all = append(all, bounce{
			recipient:  withoutType(fields.Get("Final-Recipient")),
			action:     fields.Get("Action"),
			status:     fields.Get("Status"),
			diagnostic: withoutType(fields.Get("Diagnostic-Code")),
			text:       text,
		})
	}
}

// withoutType cuts the type off a field like "rfc822; bob@army.ml".
func withoutType(field string) string {
	_, value, _ := strings.Cut(field, ";")
	return strings.TrimSpace(value)
}
