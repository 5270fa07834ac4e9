package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What the second process may do.
const (
	attackElsewhere   = "elsewhere"
	attackIdle        = "idle"
	attackRecipients  = "recipients"
	attackConnections = "connections"
	attackTLS         = "tls"
	attackLookalikes  = "lookalikes"
)

// busy is how many connections are in use at a time, but for idle ones.
const busy = 50

// attacker is the second process.
type attacker struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
	begin time.Time
}

// startAttacker starts the second process, and returns when it is at work.
func startAttacker(ctx context.Context, s settings, target, what string) (*attacker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	a := &attacker{cmd: exec.CommandContext(ctx, "taskset", "-c", floodCPU, "nice", "-n", "15", self,
		"-attack", what, "-target", target, "-connections", strconv.Itoa(s.connections))}
	a.cmd.Stderr = os.Stderr
	if a.stdin, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a.out = bufio.NewReader(stdout)
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := a.out.ReadString('\n'); err != nil || line != "ready\n" {
		return nil, errors.Join(fmt.Errorf("the second process said %q", line), err, a.cmd.Wait())
	}
	a.begin = time.Now()
	return a, nil
}

// stop ends the second process, and returns how much it did a second.
func (a *attacker) stop() (float64, error) {
	seconds := time.Since(a.begin).Seconds()
	if err := a.stdin.Close(); err != nil {
		return 0, err
	}
	line, err := a.out.ReadString('\n')
	if err != nil {
		return 0, errors.Join(err, a.cmd.Wait())
	}
	count, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
	return count / seconds, errors.Join(err, a.cmd.Wait())
}

// attack is the second process. It works until its standard input ends, and then writes how often it did what it does.
func attack(ctx context.Context, s settings) error {
	var count atomic.Int64
	var workers sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.attack == attackElsewhere {
		listener, err := greeter()
		if err != nil {
			return err
		}
		defer listener.Close()
		s.target = listener.Addr().String()
	}
	do := map[string]func(context.Context, string, *atomic.Int64) error{
		attackElsewhere: floodConnections, attackRecipients: floodRecipients, attackConnections: floodConnections, attackTLS: floodTLS,
		attackLookalikes: floodLookalikes,
	}[s.attack]
	if s.attack == attackIdle {
		conns, err := openIdle(s)
		if err != nil {
			return err
		}
		for _, conn := range conns {
			defer conn.Close()
		}
	} else {
		for range busy {
			workers.Go(func() {
				for ctx.Err() == nil {
					if err := do(ctx, s.target, &count); err != nil && ctx.Err() == nil {
						fmt.Fprintln(os.Stderr, "flood:", err)
						<-time.After(100 * time.Millisecond)
					}
				}
			})
		}
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	fmt.Println(count.Load())
	cancel()
	workers.Wait()
	return nil
}

// greeter returns a listener that greets its clients, and no more.
func greeter() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // it is closed
			}
			_, _ = conn.Write([]byte("220 \r\n")) // the client may be gone
			_ = conn.Close()
		}
	}()
	return listener, nil
}

// openIdle opens connections, which have all been greeted.
func openIdle(s settings) ([]net.Conn, error) {
	var conns []net.Conn
	for range s.connections {
		conn, err := net.Dial("tcp", s.target)
		if err != nil {
			return nil, err
		}
		if err := ready(bufio.NewReader(conn)); err != nil {
			return nil, err
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

// ready reads a line in which the server says that it is ready: its greeting, or the reply to STARTTLS.
func ready(in *bufio.Reader) error {
	line, err := in.ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "220 ") {
		err = fmt.Errorf("the server said %q; expected 220", line)
	}
	return err
}

// dial opens a connection that ends with the context.
func dial(ctx context.Context, target string) (net.Conn, func(), error) {
	conn, err := net.Dial("tcp", target)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, func() { stop(); _ = conn.Close() }, nil
}

// floodRecipients sends RCPT without waiting for replies, and counts these.
func floodRecipients(ctx context.Context, target string, count *atomic.Int64) error {
	conn, end, err := dial(ctx, target)
	if err != nil {
		return err
	}
	defer end()
	go func() {
		batch := []byte(strings.Repeat("MAIL FROM:<>\r\n"+strings.Repeat("RCPT TO:<bob@us.army.ml>\r\n", 99), 10))
		_, err := conn.Write([]byte("EHLO flood.example\r\n"))
		for err == nil {
			_, err = conn.Write(batch)
		}
	}()
	buffer := make([]byte, 65536)
	for {
		n, err := conn.Read(buffer)
		count.Add(int64(bytes.Count(buffer[:n], []byte("\n"))))
		if err != nil {
			return err
		}
	}
}

// floodConnections opens a connection, and closes it when it was greeted.
func floodConnections(ctx context.Context, target string, count *atomic.Int64) error {
	conn, end, err := dial(ctx, target)
	if err != nil {
		return err
	}
	defer end()
	if err := ready(bufio.NewReader(conn)); err != nil {
		return err
	}
	count.Add(1)
	// A reset instead of a farewell, which would use up the ports of this host.
	return conn.(*net.TCPConn).SetLinger(0)
}

// floodTLS opens a connection, and has the server make a handshake.
func floodTLS(ctx context.Context, target string, count *atomic.Int64) error {
	conn, end, err := dial(ctx, target)
	if err != nil {
		return err
	}
	defer end()
	in := bufio.NewReader(conn)
	if err := ready(in); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("STARTTLS\r\n")); err != nil {
		return err
	}
	if err := ready(in); err != nil {
		return err
	}
	// The certificate is self-signed; nothing is sent over the connection.
	if err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}).HandshakeContext(ctx); err != nil {
		return err
	}
	count.Add(1)
	return conn.(*net.TCPConn).SetLinger(0)
}
