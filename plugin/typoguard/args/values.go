package args

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
)

// Size reads a number of bytes, such as 5000000000, 100MB or 3GiB. A kilobyte has 1024 bytes in either spelling.
func Size(value string) (int64, error) {
	if size, err := strconv.ParseInt(value, 10, 64); err == nil && size >= 0 {
		return size, nil
	}
	size, err := units.ParseBase2Bytes(value)
	if err != nil || size < 0 {
		return 0, fmt.Errorf("%q; expected a size such as 5000000000, 100MB or 3GiB", value)
	}
	return int64(size), nil
}

// Duration reads a duration in the syntax of Prometheus, with days, weeks and years (30d, 1d12h), or of Go (1.5s). 0 needs no
// unit.
func Duration(value string) (time.Duration, error) {
	if d, err := model.ParseDuration(value); err == nil {
		return time.Duration(d), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("%q; expected a duration such as 30s, 12h, 1d12h or 30d", value)
	}
	return d, nil
}

// Age reads how long something is kept; it must be positive.
func Age(value string) (time.Duration, error) {
	age, err := Duration(value)
	if err != nil || age <= 0 {
		return 0, fmt.Errorf("age %q; expected a duration such as 30d, 1d12h or 12h", value)
	}
	return age, nil
}

// CheckFile returns an error if there cannot be a regular file at a path. It does not try to write: a full disk must not keep a
// resolver from starting.
func CheckFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file; expected a file, or none", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a directory; expected one that exists", filepath.Dir(path))
	}
	return nil
}
