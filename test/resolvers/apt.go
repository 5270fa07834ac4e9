package resolvers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// download asks apt for the files of packages and of all that they need, and returns their paths. What it has is not downloaded again.
func (r Release) download(ctx context.Context, pkgs ...string) ([]string, error) {
	apt := filepath.Join(r.Dir, r.Name, "apt")
	if err := prepareApt(ctx, apt, r.Name); err != nil {
		return nil, err
	}
	install := append([]string{"--yes", "--no-install-recommends", "install"}, pkgs...)
	// With archives that are always empty, everything would have to be downloaded.
	uris, err := aptGet(ctx, apt, append([]string{"-o", "Dir::Cache::Archives=none", "--print-uris"}, install...)...)
	if err != nil {
		return nil, err
	}
	if _, err := aptGet(ctx, apt, append([]string{"--download-only"}, install...)...); err != nil {
		return nil, err
	}
	var debs []string
	for line := range strings.Lines(uris) {
		fields := strings.Fields(line) // URI, file name, size, checksum
		if len(fields) < 2 || !strings.HasSuffix(fields[1], ".deb") {
			return nil, fmt.Errorf("apt-get --print-uris wrote %q; expected a URI and the name of a package's file", line)
		}
		debs = append(debs, filepath.Join(apt, "var", "cache", "apt", "archives", fields[1]))
	}
	return debs, nil
}

// prepareApt makes what apt-get looks for in the /etc and /var of a machine of the release, on which no package is installed.
func prepareApt(ctx context.Context, apt, release string) error {
	cache := filepath.Join(apt, "var", "cache", "apt")
	if _, err := os.Stat(filepath.Join(cache, "none")); err == nil {
		return nil
	}
	for _, d := range []string{"etc/apt/preferences.d", "var/lib/dpkg", "var/cache/apt/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(apt, d), 0o755); err != nil {
			return err
		}
	}
	source := fmt.Sprintf("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian %s main\n", release)
	if err := os.WriteFile(filepath.Join(apt, "etc/apt/sources.list"), []byte(source), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(apt, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		return err
	}
	if _, err := aptGet(ctx, apt, "-o", "APT::Update::Error-Mode=any", "update"); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(cache, "none", "partial"), 0o755)
}

// aptGet runs apt-get as on a machine whose /etc and /var are in a directory, and returns what it prints. How it reaches the Internet is
// still configured in the machine's own /etc. Mirrors do not always answer.
func aptGet(ctx context.Context, dir string, args ...string) (string, error) {
	options := []string{"-qq"}
	for _, o := range []string{
		"Dir=" + dir, "Acquire::Retries=5", "Acquire::Languages=none",
		// Images of Debian for containers keep no caches, and each run would read all lists anew.
		"Dir::Cache::pkgcache=pkgcache.bin", "Dir::Cache::srcpkgcache=srcpkgcache.bin",
	} {
		options = append(options, "-o", o)
	}
	args = append(options, args...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.WaitDelay = kit.Patience // the programs that it runs to download may outlive it
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("apt-get %s (is the package debian-archive-keyring up to date?): %w: %s%s", strings.Join(args, " "), err, out, said.String())
	}
	return string(out), nil
}
