package kit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build makes coredns-typoguard as it is released, and returns its path, which all processes that run in this working copy
// share: the first of them links it, the others find that it is up to date. Nobody may write to it.
func Build(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard", "GOFIPS140=off")
}

// BuildFIPS is Build for the program that make fips makes, but with the cryptography that this version of Go has, because what is
// compiled already needs only to be linked with that; the certified module needs everything anew.
func BuildFIPS(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard-fips", "GOFIPS140=latest")
}

// build makes the program under a name, with one more setting of Go.
func build(ctx context.Context, name, setting string) (path string, err error) {
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
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", path, "./cmd/coredns-typoguard")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0", setting)
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", name, err, output)
	}
	return path, nil
}
