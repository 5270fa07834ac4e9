package kit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// WriteFile puts a file in place in one step, so that nobody ever reads half of it. Everybody may read it.
func WriteFile(tb testing.TB, path, content string) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(path+".new", []byte(content), 0o644))
	require.NoError(tb, os.Rename(path+".new", path))
}

// ReadFile returns the content of a file, or nothing if it does not exist yet.
func ReadFile(t require.TestingT, path string) string {
	content, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	return string(content)
}

// Root returns the directory of the repository, in which the process runs.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory; expected to run in the repository")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
