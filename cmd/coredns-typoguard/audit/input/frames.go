package input

import (
	"errors"

	tap "github.com/dnstap/golang-dnstap"
	framestream "github.com/farsightsec/golang-framestream"
)

// ReadFrames makes Next return frames of dnstap instead of lines, from the beginning.
func (l *Log) ReadFrames() error {
	frames, err := tap.NewReader(l.reader, nil)
	if err != nil {
		return l.stopped(err)
	}
	l.buffer = make([]byte, tap.MaxPayloadSize)
	l.next = func() ([]byte, error) {
		for {
			length, err := frames.ReadFrame(l.buffer)
			if errors.Is(err, framestream.ErrDataFrameTooLarge) {
				l.Items++
				l.TooLong++
				continue
			}
			if err != nil {
				return nil, err
			}
			l.Items++
			l.Octets += int64(length)
			return l.buffer[:length], nil
		}
	}
	return nil
}
