package resolvers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// Unpack unpacks a package, together with all that it and further packages need, unless that was done before. Only one Unpack of a
// release may run at a time. Packages share files, as hard links, so nobody may write to one that another package has, too.
func (r Release) Unpack(ctx context.Context, pkg string, more ...string) error {
	dir := r.Root(pkg)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	// The shell becomes the program after the mount over /usr, so it is there, too.
	debs, err := r.download(ctx, append([]string{pkg, "dash"}, more...)...)
	if err != nil {
		return err
	}
	args := []string{"--archive", "--link"}
	for _, deb := range debs {
		files, err := r.extract(ctx, deb)
		if err != nil {
			return err
		}
		args = append(args, files+"/.")
	}
	unpacked := dir + ".unpacking"
	if err := errors.Join(os.RemoveAll(unpacked), os.MkdirAll(unpacked, 0o755)); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", append(args, unpacked)...).CombinedOutput(); err != nil {
		return fmt.Errorf("putting the files of %s together: %w: %s", pkg, err, out)
	}
	return os.Rename(unpacked, dir)
}

// extract returns the directory with the files of a package and of no other, into which they are extracted unless they are there:
// most packages are needed by several, and decompressing them is what takes long.
func (r Release) extract(ctx context.Context, deb string) (string, error) {
	dir := filepath.Join(r.Dir, r.Name, "debs", filepath.Base(deb))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	extracted := dir + ".unpacking"
	if err := errors.Join(os.RemoveAll(extracted), os.MkdirAll(extracted, 0o755)); err != nil {
		return "", err
	}
	// Packages of Debian 12 have files in /lib, too, which is a link since.
	const script = `set -e
deb=$1
cd "$2"
mkdir --parents usr/bin usr/lib usr/lib64 usr/sbin
ln --symbolic usr/bin usr/lib usr/lib64 usr/sbin .
dpkg-deb --fsys-tarfile "$deb" | tar --extract --keep-directory-symlink
rm bin lib lib64 sbin`
	if out, err := exec.CommandContext(ctx, "sh", "-c", script, "sh", deb, extracted).CombinedOutput(); err != nil {
		return "", fmt.Errorf("extracting %s: %w: %s", deb, err, out)
	}
	return dir, os.Rename(extracted, dir)
}
