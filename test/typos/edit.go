package typos

// Op is what an edit does to a name.
type Op int

// The edits that a distance counts.
const (
	Delete Op = iota
	Insert
	Replace
	Swap // a character with the one before it; the first stays where it is
)

// Edit edits a name at an octet. Insert and Replace put c there.
func Edit(name string, at int, op Op, c string) string {
	switch op {
	case Delete:
		return name[:at] + name[at+1:]
	case Insert:
		return name[:at] + c + name[at:]
	case Replace:
		return name[:at] + c + name[at+1:]
	case Swap:
		if at > 0 {
			return name[:at-1] + name[at:at+1] + name[at-1:at] + name[at+1:]
		}
	}
	return name
}
