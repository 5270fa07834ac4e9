package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// rsyslogConfig writes the messages that come over TCP into a file, as JSON lines with the header's fields before them.
const rsyslogConfig = `module(load="imtcp")
global(workDirectory="%[1]s")
template(name="event" type="string" string="%%app-name%% %%msgid%% %%syslogfacility-text%%.%%syslogseverity-text%% %%msg%%\n")
input(type="imtcp" address="%[2]s" port="%[3]s" ruleset="events")
ruleset(name="events") { action(type="omfile" file="%[4]s" template="event" flushOnTXEnd="on") }
`

// rsyslog is Debian's rsyslog, which writes events to a file.
type rsyslog struct {
	*kit.Process
	address, file string
	args          []string
}

// startRsyslog starts a server on an address, with its files in a directory, and returns when it listens.
func startRsyslog(ctx context.Context, dir, address string) (*rsyslog, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	r := &rsyslog{address: address, file: filepath.Join(dir, "syslog.log")}
	config := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, rsyslogConfig, dir, host, port, r.file), 0o600); err != nil {
		return nil, err
	}
	r.args = []string{"-n", "-f", config, "-i", filepath.Join(dir, "rsyslog.pid")}
	return r, r.restart(ctx)
}

// restart starts the server, which must not be running.
func (r *rsyslog) restart(ctx context.Context) (err error) {
	if r.Process, err = kit.Launch(ctx, nil, "rsyslogd", r.args...); err != nil {
		return err
	}
	return r.Until(ctx, func() error {
		conn, err := net.Dial("tcp", r.address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}
