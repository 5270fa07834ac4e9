package sink

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
)

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second // of a batch
	// appName is APP-NAME of RFC 5424 section 6.2.5.
	appName = "typoguard"
	// warning and notice are the severities (RFC 5424 section 6.2.1) of enforced and of monitored events.
	warning, notice = 4, 5
)

// Facilities are the names of syslog's facilities, by their codes (RFC 5424 section 6.2.1).
var Facilities = []string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
	"alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// SyslogConfig configures a Syslog.
type SyslogConfig struct {
	// Network is "udp" (RFC 5426), "tcp" (RFC 6587, octet counting) or "tls" (RFC 5425).
	Network string
	// Address is host and port.
	Address string
	// Facility is one of Facilities.
	Facility string
	// CA is a file with the authorities for the server's certificate; "" means those of the system. Cert and Key are the
	// files of a client certificate; "" means none. All are read again for every connection.
	CA, Cert, Key string
	// ServerName is the name in the server's certificate; "" means the host of Address.
	ServerName string
	// Host is the resolver that reports.
	Host string
}

// TLS returns the TLS configuration, or an error if the files do not make a valid one.
func (c *SyslogConfig) TLS() (*tls.Config, error) {
	config, err := tlsConfig(c.CA)
	if err != nil {
		return nil, err
	}
	config.ServerName = c.ServerName
	if c.Cert != "" {
		certificate, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// maxMessage is the size in bytes above which the parts of an event are left out: rsyslog cuts off what is longer, and half a JSON object is
// none.
const maxMessage = 8 << 10

// Syslog is a Target: a syslog server. Its messages are those of RFC 5424, with the event as JSON.
//
// Over UDP, deliveries are unconfirmed: at most an ICMP error shows that nobody is listening. Over TCP and TLS, Syslog notices at
// once when the server closes the connection, and writes no more events to it. Events that the server had not read by then
// are lost, because syslog has no acknowledgements.
type Syslog struct {
	config  SyslogConfig
	conn    net.Conn // nil while it is closed
	gone    chan struct{}
	message *jsonBuffer
	frame   bytes.Buffer
}

// NewSyslog returns a target, which connects at the first write.
func NewSyslog(config SyslogConfig) *Syslog {
	return &Syslog{config: config, message: newJSONBuffer(config.Host)}
}

// Write implements Target.
func (s *Syslog) Write(ctx context.Context, events []*event.Event) (int, error) {
	if err := s.connect(ctx); err != nil {
		return 0, err
	}
	conn := s.conn
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, errors.Join(err, s.Close())
	}
	interrupt := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer interrupt()
	for i, e := range events {
		if err := s.send(e); err != nil {
			return i, errors.Join(err, s.Close())
		}
	}
	return len(events), nil
}

// connect makes sure that there is a connection that the server has not closed.
func (s *Syslog) connect(ctx context.Context) error {
	if s.conn != nil && s.isGone() {
		_ = s.Close()
	}
	if s.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	s.conn, s.gone = conn, make(chan struct{})
	if s.config.Network != "udp" {
		go s.watch(conn, s.gone) // until the connection is closed
	}
	return nil
}

func (s *Syslog) dial(ctx context.Context) (net.Conn, error) {
	if s.config.Network != "tls" {
		return new(net.Dialer).DialContext(ctx, s.config.Network, s.config.Address)
	}
	config, err := s.config.TLS()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", s.config.Address)
}

// watch closes gone when the server closes the connection. Syslog servers never send anything.
func (s *Syslog) watch(conn net.Conn, gone chan<- struct{}) {
	_, _ = io.Copy(io.Discard, conn)
	close(gone)
}

func (s *Syslog) isGone() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// errGone says why no more events are written to a connection that would still accept them.
var errGone = errors.New("the syslog server closed the connection")

// send writes an event as one datagram or frame.
func (s *Syslog) send(e *event.Event) error {
	if s.isGone() {
		return errGone
	}
	if err := s.format(e); err != nil {
		return err
	}
	s.frame.Reset()
	if s.config.Network != "udp" {
		s.frame.WriteString(strconv.Itoa(s.message.Len()))
		s.frame.WriteByte(' ')
	}
	s.frame.Write(s.message.Bytes())
	_, err := s.conn.Write(s.frame.Bytes())
	return err
}

// format builds the message for an event:
//
//	<132>1 2026-11-22T00:02:03.456Z ns1.example typoguard 4711 nxdomain - {"message":...
func (s *Syslog) format(e *event.Event) error {
	s.message.Reset()
	severity := warning
	if !e.Enforced() {
		severity = notice
	}
	facility := slices.Index(Facilities, s.config.Facility)
	fmt.Fprintf(s.message, "<%d>1 %s %s %s %d %s - ",
		8*facility+severity, event.FormatTime(e.Last), headerField(s.config.Host, 255), appName, os.Getpid(), headerField(e.Action, 32))
	header := s.message.Len()
	if err := s.message.encode(e); err != nil {
		return err
	}
	if s.message.Len() > maxMessage && len(e.Parts) > 0 {
		short := *e
		short.Parts = nil
		s.message.Truncate(header)
		if err := s.message.encode(&short); err != nil {
			return err
		}
	}
	s.message.Truncate(s.message.Len() - 1) // the frame or datagram delimits the message
	return nil
}

// headerField returns a text as a field of the header, in printable ASCII without blanks (RFC 5424 section 6).
func headerField(text string, most int) string {
	field := strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return -1
		}
		return r
	}, text)
	if field == "" {
		return "-"
	}
	return field[:min(len(field), most)]
}

// Close implements Target.
func (s *Syslog) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	if s.config.Network != "udp" {
		<-s.gone
	}
	s.conn = nil
	return err
}
