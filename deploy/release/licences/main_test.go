package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNotice: modules with their texts, the standard library, and what a package of ours embeds.
func TestNotice(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, write(&out, "github.com/typoguard/coredns-typoguard/plugin/typoguard/review", []string{"linux/amd64", "freebsd/amd64"}))
	for _, name := range []string{"golang.org/x/text v", "Go standard library go", "uplot"} {
		assert.Regexp(t, `\n  `+name, out.String(), "the list")
		assert.Regexp(t, `={99}\n`+name+`[^\n]*: (LICENSE|COPYRIGHT)\n={99}`, out.String(), "the text")
	}
	assert.NotContains(t, out.String(), "coredns-typoguard/plugin")
}

func TestErrors(t *testing.T) {
	var out bytes.Buffer
	require.EqualError(t, write(&out, ".", []string{"linux"}), `platform "linux"; expected GOOS/GOARCH`)
	assert.Empty(t, out.String())
}

// TestAddDir: which files of a directory are texts to pass on.
func TestAddDir(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"LICENSE", "LICENCE.txt", "license-MIT", "COPYING.md", "NOTICE", "PATENTS", "license.go", "README", "LICENSES_test", "copyright_holders"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "licenses"), 0o700))
	texts := map[string]bool{}
	require.NoError(t, addDir(texts, dir))
	var names []string
	for text := range texts {
		names = append(names, filepath.Base(text))
	}
	assert.ElementsMatch(t, []string{"LICENSE", "LICENCE.txt", "license-MIT", "COPYING.md", "NOTICE", "PATENTS"}, names)
}
