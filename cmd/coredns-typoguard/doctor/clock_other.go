//go:build !linux

package doctor

// examineClock cannot tell on this system.
func (e *examination) examineClock() {
	e.add(note, "clock", "not examined on this system", "")
}
