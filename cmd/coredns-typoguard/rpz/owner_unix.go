//go:build unix

package rpz

import (
	"os"
	"syscall"
)

// keepOwner gives a file the owner and group of another.
func keepOwner(file *os.File, other os.FileInfo) error {
	owner, ok := other.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid)) // fails if it would change the owner and we are not root
}
