package audit

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how much of the files has been read, compressed or not, how fast, and how long it will take.
// Elsewhere it shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(paths []string, to io.Writer) progress {
	file, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return progress{}
	}
	total := int64(0)
	for _, path := range paths {
		info, err := os.Stat(path)
		if path == "-" || err != nil || !info.Mode().IsRegular() {
			total = -1 // nobody knows
			break
		}
		total += info.Size()
	}
	return progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(to),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionFullWidth(),
	)}
}

// Write implements io.Writer: it is told what was read.
func (p progress) Write(b []byte) (int, error) {
	if p.bar != nil {
		return p.bar.Write(b)
	}
	return len(b), nil
}

// finish removes the bar.
func (p progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish() // it is only a bar
	}
}
