//go:build !race

package typoguard

const raceDetector = false
