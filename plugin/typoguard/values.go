package typoguard

import (
	"fmt"
	"strconv"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
)

// parseSize reads a number of bytes, such as 5000000000, 100MB or 3GiB. A kilobyte has 1024 bytes in either spelling.
func parseSize(value string) (int64, error) {
	if size, err := strconv.ParseInt(value, 10, 64); err == nil && size >= 0 {
		return size, nil
	}
	size, err := units.ParseBase2Bytes(value)
	if err != nil || size < 0 {
		return 0, fmt.Errorf("%q; expected a size such as 5000000000, 100MB or 3GiB", value)
	}
	return int64(size), nil
}

// parseDuration reads a duration: as Prometheus writes it, with days, weeks and years (30d, 1d12h), or as Go does (1.5s). 0
// needs no unit.
func parseDuration(value string) (time.Duration, error) {
	if d, err := model.ParseDuration(value); err == nil {
		return time.Duration(d), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("%q; expected a duration such as 30s, 12h, 1d12h or 30d", value)
	}
	return d, nil
}

// parseAge reads how long something is kept, which is more than nothing.
func parseAge(value string) (time.Duration, error) {
	age, err := parseDuration(value)
	if err != nil || age <= 0 {
		return 0, fmt.Errorf("age %q; expected a duration such as 30d, 1d12h or 12h", value)
	}
	return age, nil
}
