// Package sender delivers mail to the SMTP listener of a sinkhole, which refuses it, as mail servers do.
package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"time"
)

// patience is how long a message may take.
const patience = 20 * time.Second

// Message is a message to one recipient.
type Message struct {
	// Client is the address of the mail server that sends it, and Helo how that introduces itself.
	Client netip.Addr
	Helo   string
	// Domain is the recipient's.
	Domain string
	// TLS is how the connection is encrypted; nil if it is not.
	TLS *tls.Config
}

// Refused sends the message to a listener, and returns an error unless that refuses the recipient.
func (m Message) Refused(ctx context.Context, listener string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(m.Client, 0))}
	conn, err := dialer.DialContext(ctx, "tcp", listener)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	session, err := smtp.NewClient(conn, m.Domain)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer session.Close()
	if err := session.Hello(m.Helo); err != nil {
		return err
	}
	if m.TLS != nil {
		if err := session.StartTLS(m.TLS); err != nil {
			return err
		}
	}
	if err := session.Mail("alice@corp.example"); err != nil {
		return err
	}
	var refusal *textproto.Error
	switch err := session.Rcpt("bob@" + m.Domain); {
	case err == nil:
		return fmt.Errorf("the listener takes mail for %s; expected that it refuses all", m.Domain)
	case !errors.As(err, &refusal), refusal.Code < 500:
		return err
	}
	return session.Quit()
}
