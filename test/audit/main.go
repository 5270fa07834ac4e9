// Command audit measures coredns-typoguard audit on a log of Postfix with millions of lines, plain and compressed: how fast
// it reads, in lines and octets of the plain log, and how much memory it takes.
//
// Usage: go run ./test/audit [-lines 5000000]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"github.com/typoguard/coredns-typoguard/test/kit"
	"github.com/typoguard/coredns-typoguard/test/maillog"
)

// corefile is what the log is audited by.
const corefile = `. {
	typoguard mil {
		protect army.mil navy.mil af.mil
	}
}
`

func main() {
	lines := flag.Int("lines", 5_000_000, "how many lines the log has")
	into := flag.String("write", "", "only write the log, into this directory; the measuring process calls itself with it")
	flag.Parse()
	var err error
	if *into != "" {
		err = writeLogs(*into, *lines)
	} else {
		err = run(*lines)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(1)
	}
}

func run(lines int) error {
	dir, err := os.MkdirTemp("", "typoguard-audit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "Corefile"), []byte(corefile), 0o600); err != nil {
		return err
	}
	binary, err := kit.Build(context.Background())
	if err != nil {
		return err
	}
	// In a process of its own: Linux counts the memory of the process that starts another as the other's, too.
	write := exec.Command(os.Args[0], "-write", dir, "-lines", strconv.Itoa(lines))
	write.Stderr = os.Stderr
	if err := write.Run(); err != nil {
		return fmt.Errorf("writing the log: %w", err)
	}
	info, err := os.Stat(filepath.Join(dir, logName))
	if err != nil {
		return err
	}
	size := info.Size()
	fmt.Printf("%d lines, %d octets, on one of %d CPUs\n\n", lines, size, runtime.NumCPU())
	fmt.Println("| log | time | lines a second | octets a second | memory |")
	fmt.Println("|---|--:|--:|--:|--:|")
	for _, suffix := range []string{"", ".gz", ".zst", ".xz", ".lz4"} {
		if err := measure(binary, dir, filepath.Join(dir, logName+suffix), lines, size); err != nil {
			return err
		}
	}
	return nil
}

// logName is that of the plain log.
const logName = "mail.log"

// compressors are what the log is compressed with, by the suffix of the file.
var compressors = map[string]func(io.Writer) (io.WriteCloser, error){
	".gz":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	".zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	".xz":  func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	".lz4": func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
}

// writeLogs writes the log plain and compressed.
func writeLogs(dir string, lines int) error {
	plain := filepath.Join(dir, logName)
	if err := create(plain, func(w io.Writer) error { return maillog.Write(w, lines) }); err != nil {
		return err
	}
	for suffix, compressor := range compressors {
		if err := create(plain+suffix, func(w io.Writer) error { return compress(w, plain, compressor) }); err != nil {
			return err
		}
	}
	return nil
}

// compress writes a file compressed.
func compress(to io.Writer, path string, compressor func(io.Writer) (io.WriteCloser, error)) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	w, err := compressor(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, source); err != nil {
		return err
	}
	return w.Close()
}

// create makes a file with what write writes.
func create(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Close()
}

// measure audits a log, once, and prints a row of the table.
func measure(binary, dir, log string, lines int, size int64) error {
	audit := exec.Command(binary, "audit", "-conf", filepath.Join(dir, "Corefile"), "-json", log)
	audit.Stderr = os.Stderr
	audit.Env = append(os.Environ(), "GOMAXPROCS=1")
	start := time.Now()
	if err := audit.Run(); err != nil {
		return fmt.Errorf("auditing %s: %w", log, err)
	}
	took := time.Since(start)
	usage, ok := audit.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return fmt.Errorf("auditing %s: no figure for its memory", log)
	}
	fmt.Printf("| %s | %.1f s | %.2f million | %.0f MB | %d MB |\n", filepath.Base(log), took.Seconds(),
		float64(lines)/took.Seconds()/1e6, float64(size)/took.Seconds()/1e6, usage.Maxrss/1024)
	return nil
}
