package rpz

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/typoguard/coredns-typoguard/test/kit/caddytest"
)

func TestMain(m *testing.M) { caddytest.Main(m) }

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
