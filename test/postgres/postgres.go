// Package postgres runs Debian's PostgreSQL for tests, in a directory of its own, on loopback.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// Server is a PostgreSQL server. Anybody on this host may do anything with it.
type Server struct {
	dir, data string
	programs  string // folder
	account   *syscall.Credential
	port      string
	command   *exec.Cmd
}

// New makes a server's files in a directory below /tmp, which Close removes. It is not started.
func New(ctx context.Context) (_ *Server, err error) {
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(programs) == 0 {
		return nil, errors.New("no PostgreSQL in /usr/lib/postgresql; expected Debian's package postgresql")
	}
	s := &Server{programs: programs[len(programs)-1]}
	if s.account, err = account(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "typoguard-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.account != nil {
		if err = os.Chown(s.dir, int(s.account.Uid), int(s.account.Gid)); err != nil {
			return nil, err
		}
	}
	s.data = filepath.Join(s.dir, "data")
	initdb := s.program(ctx, "initdb", "-D", s.data, "-A", "trust", "-U", "typoguard", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.port, err = kit.FreePort()
	return s, err
}

// NewStandby copies a server that runs. The copy, once it is started, follows it, and only reads.
func (s *Server) NewStandby(ctx context.Context) (_ *Server, err error) {
	copied := &Server{programs: s.programs, account: s.account}
	if copied.dir, err = os.MkdirTemp("", "typoguard-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, copied.Close())
		}
	}()
	if s.account != nil {
		if err = os.Chown(copied.dir, int(s.account.Uid), int(s.account.Gid)); err != nil {
			return nil, err
		}
	}
	copied.data = filepath.Join(copied.dir, "data")
	backup := copied.program(ctx, "pg_basebackup", "-h", "127.0.0.1", "-p", s.port, "-U", "typoguard", "-D", copied.data, "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if out, err := backup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w: %s", err, out)
	}
	copied.port, err = kit.FreePort()
	return copied, err
}

// Promote makes a standby take over.
func (s *Server) Promote(ctx context.Context) error {
	if out, err := s.program(ctx, "pg_ctl", "promote", "-w", "-D", s.data).CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl promote: %w: %s", err, out)
	}
	return nil
}

// Address returns where the server listens.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", s.port) }

// account returns who runs the server: PostgreSQL refuses to be root. It returns nil if we are not.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nobody else
	}
	postgres, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(postgres.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(postgres.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// program returns a command of PostgreSQL's, which dies with us.
func (s *Server) program(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, filepath.Join(s.programs, name), args...)
	command.Dir = s.dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.account, Pdeathsig: syscall.SIGQUIT}
	return command
}

// DSN returns the address of a database of the server, which Create makes.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("postgres://typoguard@127.0.0.1:%s/%s?sslmode=disable", s.port, database)
}

// Start starts the server, and returns when it can be asked.
func (s *Server) Start(ctx context.Context) error {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.command = s.program(context.WithoutCancel(ctx), "postgres", "-D", s.data, "-p", s.port, "-k", s.dir, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
	s.command.Stdout, s.command.Stderr = log, log
	if err := s.command.Start(); err != nil {
		return err
	}
	for {
		err := s.program(ctx, "pg_isready", "-q", "-h", "127.0.0.1", "-p", s.port).Run()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("postgres: %w: %s", err, text)
		}
		wait(ctx, 20*time.Millisecond)
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Create makes a database.
func (s *Server) Create(ctx context.Context, database string) error {
	_, err := s.SQL(ctx, "postgres", "CREATE DATABASE "+database)
	return err
}

// SQL runs a statement with psql, as a person would, and returns what it prints: a line for each row.
func (s *Server) SQL(ctx context.Context, database, statement string) (string, error) {
	out, err := s.program(ctx, "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", s.DSN(database), "-c", statement).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, out)
	}
	return string(out), nil
}

// Stop ends the server at once; connections break. It can be started again.
func (s *Server) Stop() error {
	if s.command == nil {
		return nil
	}
	command := s.command
	s.command = nil
	if err := command.Process.Signal(syscall.SIGINT); err != nil { // "fast" shutdown
		return err
	}
	return command.Wait()
}

// Close ends the server, and removes its files.
func (s *Server) Close() error {
	return errors.Join(s.Stop(), os.RemoveAll(s.dir))
}
