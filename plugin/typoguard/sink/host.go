package sink

import "os"

// Hostname returns the name of this host as events have it: "" if it has none.
func Hostname() string {
	name, _ := os.Hostname()
	return name
}
