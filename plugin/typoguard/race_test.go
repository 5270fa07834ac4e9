//go:build race

package typoguard

// raceDetector says that the tests run under the race detector, which makes a sync.Pool forget what was put into it.
const raceDetector = true
