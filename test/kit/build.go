package kit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build makes coredns-typoguard as it is released, and returns its path, which all processes that run in this working copy
// share: the first of them links it, the others find that it is up to date. Nobody may write to it.
func Build(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard")
}

// BuildWrongClock makes the same with a clock that package wrongclock can set.
func BuildWrongClock(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard-wrongclock", "wrongclock")
}

// build makes a binary with further build tags.
func build(ctx context.Context, name string, tags ...string) (path string, err error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "bin", "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := Lock(ctx, filepath.Join(dir, "lock"), BuildLimit)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	path = filepath.Join(dir, name)
	all := strings.Join(append(tags, "grpcnotrace"), ",")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags="+all, "-ldflags=-s -w", "-o", path, "./cmd/coredns-typoguard")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building coredns-typoguard: %w: %s", err, output)
	}
	return path, nil
}
