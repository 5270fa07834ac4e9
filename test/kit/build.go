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

// Build makes coredns-typoguard as it is released but for the profile, and returns its path, which all processes that run in this working
// copy share: the first of them links it, the others find that it is up to date. Nobody may write to it.
func Build(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard", "GOFIPS140=off")
}

// BuildReleased makes the same with the profile of released binaries, for which everything has to be compiled once more.
func BuildReleased(ctx context.Context) (path string, err error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	return build(ctx, "coredns-typoguard-released", "GOFLAGS=-pgo="+filepath.Join(root, "deploy", "release", "resolver.pgo"))
}

// BuildFIPS is Build for the program that make fips makes, but with the cryptography that this version of Go has, because what is
// compiled already needs only to be linked with that; the certified module needs everything anew.
func BuildFIPS(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard-fips", "GOFIPS140=latest")
}

// BuildWrongClock makes the same with a clock that package wrongclock can set.
func BuildWrongClock(ctx context.Context) (path string, err error) {
	return build(ctx, "coredns-typoguard-wrongclock", "GOFIPS140=off", "wrongclock")
}

// build makes the program under a name, with one more setting of Go, and with further build tags.
func build(ctx context.Context, name, setting string, tags ...string) (path string, err error) {
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
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0", setting)
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", name, err, output)
	}
	return path, nil
}
