//go:build !linux || !amd64

package wrongclock

// Works reports whether clocks can be made wrong on this system.
const Works = false
