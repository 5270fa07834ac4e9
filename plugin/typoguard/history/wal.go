package history

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"
)

// The format of a write-ahead log: https://www.sqlite.org/fileformat2.html#walformat.
const (
	walHeader, walFrame = 32, 24 // bytes
	walMagic            = 0x377f0682
	walVersion          = 3007000
	largestPage         = 65536
)

// walRereadAfter is how long after damage was found the log is read again: what is being written at the moment is not damaged.
const walRereadAfter = 50 * time.Millisecond

// walDamage says what SQLite will not find in a write-ahead log, and not say a word of.
type walDamage struct {
	header       bool // nothing of the log can be used
	transactions int  // that were committed behind the damage
}

// lostInLog looks for damage in the write-ahead log before the database is opened. SQLite takes the first frame with a wrong checksum for
// the end of the log, because a crash of the host may leave such a frame; the transactions behind it are gone. A frame that is the last
// one may be either.
func (f *sqliteFile) lostInLog() walDamage {
	d := readLog(f.path + "-wal")
	if d == (walDamage{}) {
		return d
	}
	timer := time.NewTimer(walRereadAfter)
	defer timer.Stop()
	<-timer.C
	return readLog(f.path + "-wal")
}

// readLog reads a log. One that cannot be read is none of its business: opening the database will say so.
func readLog(path string) (d walDamage) {
	file, err := os.Open(path)
	if err != nil {
		return d
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	header := make([]byte, walHeader)
	if _, err := io.ReadFull(in, header); err != nil {
		return d // empty, or not begun
	}
	magic, pageSize := binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[8:])
	var order binary.ByteOrder = binary.LittleEndian
	if magic&1 != 0 {
		order = binary.BigEndian
	}
	sum := walSum{order: order}
	sum.add(header[:24])
	if magic&^1 != walMagic || binary.BigEndian.Uint32(header[4:]) != walVersion || pageSize < 512 || pageSize > largestPage || !sum.is(header[24:]) {
		d.header = true
		return d
	}
	salts := string(header[16:24])
	frame := make([]byte, walFrame+int(pageSize))
	for intact := true; ; {
		if _, err := io.ReadFull(in, frame); err != nil || string(frame[8:16]) != salts {
			return d // the rest is of an earlier time
		}
		if intact {
			sum.add(frame[:8])
			sum.add(frame[walFrame:])
			intact = sum.is(frame[16:24])
		}
		if commits := binary.BigEndian.Uint32(frame[4:]) != 0; commits && !intact {
			d.transactions++
		}
	}
}

// walSum is the checksum of a log up to some frame.
type walSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *walSum) add(data []byte) {
	for ; len(data) >= 8; data = data[8:] {
		s.s0 += s.order.Uint32(data) + s.s1
		s.s1 += s.order.Uint32(data[4:]) + s.s0
	}
}

// is compares the checksum with one in the log.
func (s *walSum) is(written []byte) bool {
	return s.s0 == binary.BigEndian.Uint32(written) && s.s1 == binary.BigEndian.Uint32(written[4:])
}

// reportLost says what was lost in the log, and empties the log, so that nobody finds the same damage again.
func (s *Store) reportLost(ctx context.Context, h *handles, lost walDamage) {
	if lost == (walDamage{}) {
		return
	}
	if s.config.Observer != nil {
		s.config.Observer.Damaged()
	}
	_, err := h.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if s.config.Logger == nil {
		return
	}
	const what = "The end of the database's write-ahead log is damaged: the latest events are lost"
	if lost.header {
		s.config.Logger.Error(what, "file", s.config.DSN, "transactions", "unknown")
	} else {
		s.config.Logger.Error(what, "file", s.config.DSN, "transactions", lost.transactions)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		s.config.Logger.Warn("The write-ahead log could not be emptied; its damage may be reported again", "error", err)
	}
}
