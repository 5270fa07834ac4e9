package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// state is what a feed remembers over a restart: the last version that was served. Without it, older inputs would make an older serial, and
// secondaries would keep what they have.
type state struct {
	serial uint32
	sum    [sha256.Size]byte
}

// statePath returns the path of the file.
func statePath(dir, zone string) string {
	return filepath.Join(dir, strings.TrimSuffix(zone, ".")+".serial")
}

// readState returns the last state, or nil if there is none.
func readState(path string) (*state, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s state
	var sum string
	if _, err := fmt.Sscanf(string(content), "%d %64s\n", &s.serial, &sum); err != nil {
		return nil, fmt.Errorf("%s: %w; expected a serial and a hash", path, err)
	}
	decoded, err := hex.DecodeString(sum)
	if err != nil || len(decoded) != len(s.sum) {
		return nil, fmt.Errorf("%s: %q; expected a serial and a hash", path, sum)
	}
	copy(s.sum[:], decoded)
	return &s, nil
}

// write replaces the file.
func (s *state) write(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".serial-")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%d %s\n", s.serial, hex.EncodeToString(s.sum[:]))
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// next returns the version of rows made from inputs of a time. If the serial would not grow although the rows have changed, it is one more
// than the last.
func (s *state) next(serial uint32, sum [sha256.Size]byte) (next state, forced bool) {
	next = state{serial, sum}
	switch {
	case s == nil || isNewer(serial, s.serial):
	case sum == s.sum:
		next.serial = s.serial
	default:
		next.serial, forced = s.serial+1, true
	}
	if next.serial == 0 { // which stands for none in a transfer
		next.serial = 1
	}
	return next, forced
}

// isNewer reports whether a serial is greater than another (RFC 1982 section 3.2).
func isNewer(serial, other uint32) bool { return int32(serial-other) > 0 }
