package sink

import (
	"bytes"
	"fmt"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

// jsonBuffer collects events as lines of JSON, and what goes around them.
type jsonBuffer struct {
	bytes.Buffer
	encoder *event.JSON
}

// newJSONBuffer returns an empty buffer for events reported by a host.
func newJSONBuffer(host string) *jsonBuffer {
	b := new(jsonBuffer)
	b.encoder = event.NewJSON(&b.Buffer, host)
	return b
}

// encode appends an event.
func (b *jsonBuffer) encode(e *event.Event) error {
	if err := b.encoder.Encode(e); err != nil {
		return fmt.Errorf("encoding event %s: %w", e.ID, err)
	}
	return nil
}
