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

// command returns the command line of the program. One whose packages are unpacked sees their files in /usr, and what the
// directory of its configuration has in the place of /run, /etc/passwd and /etc/group; nobody else does. The mount over /usr is the last:
// programs of the machine may not run on the C library of the package.
func (p Product) command(dir string, args ...string) []string {
	if p.root == "" {
		return append([]string{p.Program}, args...)
	}
	const script = `set -e
usr=$1 dir=$2
shift 2
[ ! -d "$dir/run" ] || mount --bind "$dir/run" /run
for file in passwd group; do
	[ ! -f "$dir/$file" ] || mount --bind "$dir/$file" "/etc/$file"
done
mount -t overlay -o lowerdir="$usr:/usr" overlay /usr
exec "$@"`
	return append([]string{"unshare", "--mount", "sh", "-c", script, "sh", filepath.Join(p.root, "usr"), dir, p.Program}, args...)
}

// The releases whose packages are tried: Debian 12 and 13.
const (
	Bookworm = "bookworm"
	Trixie   = "trixie"
)

// Release is a release of Debian. Its packages are used whatever release the machine itself is.
type Release struct {
	// Name is its code name.
	Name string
	// Dir is where its packages are kept.
	Dir string
}

// Root returns the directory into which a package is unpacked.
func (r Release) Root(pkg string) string { return filepath.Join(r.Dir, r.Name, pkg) }

// Unpack unpacks a package, together with all that it needs, unless that was done before.
func (r Release) Unpack(ctx context.Context, pkg string) error {
	dir := r.Root(pkg)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	// The shell becomes the program after the mount over /usr, so it is there, too.
	debs, err := r.download(ctx, pkg, "dash")
	if err != nil {
		return err
	}
	unpacked := dir + ".unpacking"
	if err := os.RemoveAll(unpacked); err != nil {
		return err
	}
	// Packages of Debian 12 have files in /lib, too, which is a link since.
	for _, d := range []string{"bin", "lib", "lib64", "sbin"} {
		if err := os.MkdirAll(filepath.Join(unpacked, "usr", d), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+d, filepath.Join(unpacked, d)); err != nil {
			return err
		}
	}
	for _, deb := range debs {
		const script = `dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory "$2"`
		if out, err := exec.CommandContext(ctx, "sh", "-c", script, "sh", deb, unpacked).CombinedOutput(); err != nil {
			return fmt.Errorf("unpacking %s: %w: %s", deb, err, out)
		}
	}
	return os.Rename(unpacked, dir)
}

// download asks apt for the files of packages and of all that they need.
func (r Release) download(ctx context.Context, pkgs ...string) ([]string, error) {
	apt := filepath.Join(r.Dir, r.Name, "apt")
	archives := filepath.Join(apt, "var", "cache", "apt", "archives")
	if _, err := os.Stat(archives); err != nil {
		for _, d := range []string{"etc/apt/preferences.d", "var/lib/dpkg", "var/cache/apt"} {
			if err := os.MkdirAll(filepath.Join(apt, d), 0o755); err != nil {
				return nil, err
			}
		}
		source := fmt.Sprintf("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian %s main\n", r.Name)
		if err := os.WriteFile(filepath.Join(apt, "etc/apt/sources.list"), []byte(source), 0o644); err != nil {
			return nil, err
		}
		// No package is installed.
		if err := os.WriteFile(filepath.Join(apt, "var/lib/dpkg/status"), nil, 0o644); err != nil {
			return nil, err
		}
		if err := aptGet(ctx, apt, "-o", "APT::Update::Error-Mode=any", "update"); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Join(archives, "partial"), 0o755); err != nil {
			return nil, err
		}
	}
	if err := aptGet(ctx, apt, "clean"); err != nil {
		return nil, err
	}
	err := aptGet(ctx, apt, append([]string{"--yes", "--no-install-recommends", "--download-only", "install"}, pkgs...)...)
	if err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(archives, "*.deb"))
}

// aptGet runs apt-get as on a machine whose /etc and /var are in a directory. How it reaches the Internet is still configured in the
// machine's own /etc. Mirrors do not always answer.
func aptGet(ctx context.Context, dir string, args ...string) error {
	args = append([]string{"-qq", "-o", "Dir=" + dir, "-o", "Acquire::Retries=5", "-o", "Acquire::Languages=none"}, args...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.WaitDelay = kit.Patience // the programs that it runs to download may outlive it
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s (is the package debian-archive-keyring up to date?): %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
