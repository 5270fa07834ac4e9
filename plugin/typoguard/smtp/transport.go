package smtp

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	// maxPending bounds the size in bytes of replies that wait for the client while the server works on commands that it sent together
	// (PIPELINING, RFC 2920).
	maxPending = 8192
	// lastReplyTimeout is how long a client has to accept its last reply.
	lastReplyTimeout = 2 * time.Second
	// maxChunk is the most that a client may send with BDAT, in bytes, and chunkPart how much of it costs as much as a command.
	maxChunk  = 1 << 20
	chunkPart = 4096
)

// transport is the connection of one client as go-smtp sees it: go-smtp reads commands from it line by line, and writes replies
// to it. The package documentation says why. Except for interrupt, only one goroutine uses it.
type transport struct {
	net.Conn // the client's, with TLS once that is active

	server *Server
	config *Config // when the session began
	client netip.Addr
	raw    net.Conn  // the client's without TLS
	tls    *tls.Conn // nil before STARTTLS
	ends   time.Time // of the session
	in     *bufio.Reader

	verb     string // of the last command
	helo     string // the client's name for itself, printable
	rest     []byte // of the last command, not yet read by go-smtp
	partial  []byte // incomplete line of a reply
	pending  []byte // replies not yet sent
	commands int
	unknown  bool // the client has not introduced itself since STARTTLS
	utf8     bool // the transaction has SMTPUTF8
	closed   bool

	interrupted atomic.Bool // because the server is closing
}

func newTransport(s *Server, conn net.Conn) *transport {
	config := s.config.Load()
	return &transport{
		Conn:   conn,
		server: s,
		config: config,
		client: addressOf(conn),
		raw:    conn,
		ends:   time.Now().Add(config.Limits.SessionTime),
		in:     bufio.NewReaderSize(conn, config.Limits.LineLength),
	}
}

// Read gives go-smtp the next command, or part of it. A panic here ends the session instead of the resolver; go-smtp does the
// same while it answers a command.
func (t *transport) Read(p []byte) (n int, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			t.server.failed("panic in the session of %s: %v\n%s", t.client, cause, debug.Stack())
			n, err = 0, t.end("421 4.3.0 HOST Internal error")
		}
	}()
	if t.closed { // commands after QUIT are ignored
		return 0, net.ErrClosed
	}
	if len(t.rest) == 0 {
		line, err := t.next()
		if err != nil {
			return 0, err
		}
		t.rest = line
	}
	n = copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// wait waits until the server may do some work. If it has to wait, it sends pending replies first, so that the client sees its
// progress.
func (t *transport) wait(cost int) error {
	delay := t.server.delay(t.server.commandLimiter, cost)
	if delay <= 0 {
		return nil
	}
	if err := t.flush(); err != nil {
		return t.lost(err)
	}
	t.server.sleep(delay)
	return nil
}

// next returns the next command for go-smtp to answer, or io.EOF when the session is over.
func (t *transport) next() ([]byte, error) {
	for {
		line, err := t.readLine()
		if err != nil {
			return nil, err
		}
		if t.commands++; t.commands > t.config.Limits.Commands {
			t.config.Observer.LimitHit(Commands)
			return nil, t.end("421 4.7.0 HOST Too many commands")
		}
		if err := t.wait(commandCost); err != nil {
			return nil, err
		}
		command := string(bytes.TrimRight(line, "\r\n"))
		if !isText(command) {
			return nil, t.end("500 5.5.2 Control characters or invalid UTF-8 in a command")
		}
		verb, argument, _ := strings.Cut(command, " ")
		t.verb = strings.ToUpper(verb)
		switch t.verb {
		case "STARTTLS":
			if line, err = t.startTLS(); line != nil || err != nil {
				return line, err
			}
		case "BDAT":
			if err := t.skipChunk(argument); err != nil {
				return nil, err
			}
		case "HELO", "EHLO":
			t.helo, t.unknown = printable(truncate(strings.TrimSpace(argument), maxAddress), false), false
			return line, nil
		case "MAIL":
			if !t.unknown {
				return line, nil
			}
			t.say(helloFirst)
		default:
			return line, nil
		}
	}
}

// isText reports whether a command is UTF-8 without control characters.
func isText(command string) bool {
	return utf8.ValidString(command) && !strings.ContainsFunc(command, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// readLine returns a line with its end, in place. It sends pending replies before it waits.
func (t *transport) readLine() ([]byte, error) {
	if buffered, _ := t.in.Peek(t.in.Buffered()); bytes.IndexByte(buffered, '\n') < 0 || len(t.pending) > maxPending {
		if err := t.flush(); err != nil {
			return nil, t.lost(err)
		}
	}
	_ = t.SetReadDeadline(t.deadline()) // an error shows in the read
	switch {
	case t.interrupted.Load():
		return nil, t.end("421 4.3.2 HOST Shutting down")
	case !time.Now().Before(t.ends): // also for commands that have already arrived
		return nil, t.lost(os.ErrDeadlineExceeded)
	}
	line, err := t.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		t.config.Observer.LimitHit(LineLength)
		return nil, t.end("500 5.5.2 Line too long")
	}
	if err != nil {
		return nil, t.lost(err)
	}
	return line, nil
}

// deadline returns the time by which the client must have sent a command, or accepted a reply.
func (t *transport) deadline() time.Time {
	deadline := time.Now().Add(t.config.Limits.CommandTime)
	if deadline.After(t.ends) {
		return t.ends
	}
	return deadline
}

// lost ends the session after a connection error. It is no server error if a client hangs up.
func (t *transport) lost(err error) error {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return io.EOF // pending replies are still sent, because the client may have closed only its half
	case t.interrupted.Load():
		return t.end("421 4.3.2 HOST Shutting down")
	case !time.Now().Before(t.ends):
		t.config.Observer.LimitHit(SessionTime)
	default:
		t.config.Observer.LimitHit(CommandTime)
	}
	return t.end("421 4.4.2 HOST Timeout")
}

// end ends the session with a last reply, which Close sends.
func (t *transport) end(reply string) error {
	t.say(strings.ReplaceAll(reply, "HOST", t.config.Hostname))
	return io.EOF
}

// say adds a line to the pending replies.
func (t *transport) say(line string) {
	t.pending = append(append(t.pending, line...), "\r\n"...)
}

// startTLS answers STARTTLS (RFC 3207). Afterwards it resets go-smtp's transaction, and forgets the client's name. Commands
// that arrive together with STARTTLS may have been injected by a man in the middle, so they end the session.
func (t *transport) startTLS() (reset []byte, err error) {
	switch {
	case t.tls != nil:
		t.say("503 5.5.1 TLS is already active")
		return nil, nil
	case t.in.Buffered() > 0:
		return nil, t.end("503 5.5.1 STARTTLS must be the last command in a group")
	}
	t.say("220 2.0.0 Ready to start TLS")
	if err := t.wait(handshakeCost); err != nil {
		return nil, err
	}
	if err := t.flush(); err != nil {
		return nil, t.lost(err)
	}
	conn := tls.Server(t.raw, t.server.tls)
	_ = t.SetDeadline(t.deadline()) // an error shows in the handshake
	if t.interrupted.Load() {
		return nil, io.EOF
	}
	err = conn.Handshake()
	t.config.Observer.TLSStarted(err)
	if err != nil {
		return nil, io.EOF
	}
	t.Conn, t.tls, t.helo, t.unknown = conn, conn, "", true // RFC 3207 section 4.2
	t.in.Reset(conn)
	return []byte("RSET\r\n"), nil
}

// skipChunk refuses BDAT (RFC 3030), and discards the content that follows it. Reading takes work, too, so it is paced like commands;
// a client with more to send than an ordinary message goes on without being told to, and is disconnected.
func (t *transport) skipChunk(argument string) error {
	size, _, _ := strings.Cut(strings.TrimSpace(argument), " ")
	octets, err := strconv.ParseUint(size, 10, 31)
	if err != nil {
		return t.end("501 5.5.4 Expected a chunk size")
	}
	if err := t.flush(); err != nil {
		return t.lost(err)
	}
	if octets > maxChunk {
		return t.end("554 5.5.1 No valid recipients")
	}
	for left := int(octets); left > 0; {
		part := min(left, chunkPart)
		if err := t.wait(commandCost); err != nil {
			return err
		}
		if _, err := t.in.Discard(part); err != nil {
			return t.lost(err)
		}
		left -= part
	}
	t.say("503 5.5.1 No valid recipients")
	return nil
}

// Write accepts part of a reply from go-smtp. readLine sends it before it waits for the next command.
func (t *transport) Write(p []byte) (int, error) {
	t.partial = append(t.partial, p...)
	for {
		line, rest, complete := bytes.Cut(t.partial, []byte("\r\n"))
		if !complete {
			return len(p), nil
		}
		if corrected, ok := t.correct(string(line)); ok {
			t.say(corrected)
		}
		t.partial = append(t.partial[:0], rest...)
	}
}

// flush sends the pending replies.
func (t *transport) flush() error {
	if len(t.pending) == 0 {
		return nil
	}
	_ = t.SetWriteDeadline(t.deadline())
	_, err := t.Conn.Write(t.pending)
	t.pending = t.pending[:0]
	return err
}

// Close sends the last replies, and closes the connection.
func (t *transport) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	if len(t.pending) > 0 {
		_ = t.SetWriteDeadline(time.Now().Add(lastReplyTimeout))
		_, _ = t.Conn.Write(t.pending) // the client may be gone
	}
	defer t.server.remove(t)
	return t.Conn.Close()
}

// interrupt makes the session end as soon as it waits for the client.
func (t *transport) interrupt() {
	t.interrupted.Store(true)
	_ = t.raw.SetReadDeadline(time.Now())
}
