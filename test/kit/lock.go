package kit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// How long a lock is waited for: as long as a build of everything may take on a busy machine, or all tests with mail servers.
const (
	BuildLimit = 15 * time.Minute
	MailLimit  = 30 * time.Minute
)

// Lock waits for the exclusive lock on a file, which is made if it is not there and says who holds the lock. The kernel releases it
// when its holder dies. When the wait is over in vain, the error says who would not let go.
func Lock(ctx context.Context, path string, limit time.Duration) (unlock func() error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := await(ctx, file, limit); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := sign(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file.Close, nil
}

// await returns when the lock on a file is had.
func await(ctx context.Context, file *os.File, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(wink)
	defer tick.Stop()
	for {
		switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("locking %s: %w", file.Name(), err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			holder, err := os.ReadFile(file.Name())
			return errors.Join(fmt.Errorf("waiting for the lock on %s, which %s holds: %w", file.Name(), holder, ctx.Err()), err)
		}
	}
}

// sign writes who holds the lock into its file.
func sign(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	holder := fmt.Sprintf("process %d (%s, since %s)", os.Getpid(), strings.Join(os.Args, " "), time.Now().Format(time.TimeOnly))
	_, err := file.WriteAt([]byte(holder), 0)
	return err
}
