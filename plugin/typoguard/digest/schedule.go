package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// everyDay is the period of a digest that is sent each day.
const everyDay = "day"

// weekdays are the periods of digests that are sent once a week.
var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// schedule is when a digest is due.
type schedule struct {
	weekday      int // or -1 for every day
	hour, minute int
	zone         *time.Location
}

// parseSchedule reads a period, a time of day and a time zone.
func parseSchedule(every, at, zone string) (schedule, error) {
	s := schedule{weekday: slices.Index(weekdays, every), zone: time.Local}
	if s.weekday < 0 && every != everyDay {
		return s, fmt.Errorf("every %q; expected day, or one of %s", every, strings.Join(weekdays, ", "))
	}
	clock, err := time.Parse("15:04", at)
	if err != nil {
		return s, fmt.Errorf("at %q; expected a time of day such as 07:00", at)
	}
	s.hour, s.minute = clock.Hour(), clock.Minute()
	if zone != "" {
		if s.zone, err = time.LoadLocation(zone); err != nil {
			return s, fmt.Errorf("timezone %q; expected a name such as Europe/Amsterdam or UTC", zone)
		}
	}
	return s, nil
}

// String returns the schedule as in a configuration.
func (s schedule) String() string {
	every := everyDay
	if s.weekday >= 0 {
		every = weekdays[s.weekday]
	}
	return fmt.Sprintf("%s %02d:%02d %s", every, s.hour, s.minute, s.zone)
}

// last returns when a digest was last due. A time of day that a day does not have, because the clocks are put forward, is an hour earlier or
// later; of one that it has twice, one counts.
func (s schedule) last(now time.Time) time.Time {
	year, month, day := now.In(s.zone).Date()
	for back := 0; ; back++ {
		due := time.Date(year, month, day-back, s.hour, s.minute, 0, 0, s.zone)
		if !due.After(now) && (s.weekday < 0 || int(due.Weekday()) == s.weekday) {
			return due
		}
	}
}
