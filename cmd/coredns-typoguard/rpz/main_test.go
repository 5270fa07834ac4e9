package rpz

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/coredns/coredns/core/dnsserver"
	clog "github.com/coredns/coredns/plugin/pkg/log"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

// TestMain gives CoreDNS the one directive that the tests need.
func TestMain(m *testing.M) {
	clog.Discard()
	if err := dnsserver.SetDirectives([]string{"typoguard"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// command runs the command on a Corefile, and returns what it prints.
func command(t *testing.T, text string, args ...string) (out, errs string, err error) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "Corefile")
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o600))
	var stdout, stderr bytes.Buffer
	err = runCommand(&stdout, &stderr, append([]string{"-conf", conf}, args...)...)
	return stdout.String(), stderr.String(), err
}

func runCommand(out, errs io.Writer, args ...string) error {
	c := Command()
	c.Writer, c.ErrWriter = out, errs
	c.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	return c.Run(context.Background(), append([]string{"rpz"}, args...))
}
