package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

const (
	// profiled is how long a profile takes, in seconds.
	profiled = 30
	// profiledLookalikes is the share of lookalikes among its queries: far more than a mail server asks for, so that the way of a hidden
	// name is optimized, too.
	profiledLookalikes = 0.2
)

// writeProfile writes a CPU profile of the server under a load of ordinary names and lookalikes, for profile-guided optimization of the
// released binaries.
func writeProfile(ctx context.Context, dir, binary string, cpus cpus, files files, s settings) error {
	queries := filepath.Join(dir, "mixed")
	if err := writeMixed(queries, files, profiledLookalikes); err != nil {
		return err
	}
	port, err := kit.FreePort()
	if err != nil {
		return fmt.Errorf("looking for a free port: %w", err)
	}
	plugins := fmt.Sprintf("    pprof 127.0.0.1:%s\n", port) + usual + policy(files.protected, s.distance, "") + resolver
	servers, stop, err := startAll(ctx, binary, cpus.servers, plugins)
	if err != nil {
		return err
	}
	defer stop()

	var profile []byte
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := servers[0].load(ctx, cpus.load, queries, "NOERROR NXDOMAIN", profiled, 1)
		return err
	})
	group.Go(func() (err error) {
		profile, err = get(ctx, fmt.Sprintf("http://127.0.0.1:%s/debug/pprof/profile?seconds=%d", port, profiled))
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return os.WriteFile(s.profile, profile, 0o644)
}

// get returns what is at a URL.
func get(ctx context.Context, url string) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}
