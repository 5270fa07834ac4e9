package wrongclock

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// Works reports whether clocks can be made wrong on this system.
const Works = true

// vdso is where the runtime finds the kernel's clock_gettime, which time.Now calls.
//
//go:linkname vdso runtime.vdsoClockgettimeSym
var vdso uintptr

// kernel is the kernel's clock_gettime, or 0 if there is none but the system call.
var kernel uintptr //nolint:unused // assembly calls it

// shifted returns the address of the function that takes the place of the kernel's, and adds the offset.
func shifted() uintptr

func init() {
	if path := os.Getenv(Variable); path != "" {
		file, err := os.Open(path)
		if err != nil {
			panic(err)
		}
		shared, err := syscall.Mmap(int(file.Fd()), 0, int(unsafe.Sizeof(*seconds)), syscall.PROT_READ, syscall.MAP_SHARED)
		if err != nil {
			panic(fmt.Errorf("%s: %w", path, err))
		}
		_ = file.Close() // the mapping stays
		seconds = (*int64)(unsafe.Pointer(&shared[0]))
	}
	kernel = vdso
	vdso = shifted()
}
