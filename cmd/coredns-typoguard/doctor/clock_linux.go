package doctor

import "golang.org/x/sys/unix"

// examineClock asks the kernel whether the clock is synchronized.
func (e *examination) examineClock() {
	state, err := unix.Adjtimex(new(unix.Timex))
	switch {
	case err != nil:
		e.add(note, "clock", "the kernel does not say whether the clock is synchronized: "+err.Error(), "")
	case state == unix.TIME_ERROR:
		e.add(note, "clock", "the kernel's clock is not synchronized, or by a program that does not tell it",
			"run chrony or systemd-timesyncd, unless the host of this virtual machine keeps the time")
	default:
		e.add(fine, "clock", "synchronized", "")
	}
}
