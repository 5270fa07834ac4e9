package logs

import "bytes"

// Detect tells the format of a log by its first lines: the one that makes most of them, the first of Formats that does. It
// reports false if no format finds a record or a line of its own.
func Detect(head []byte, clock Clock) (Format, bool) {
	if IsDnstap(head) {
		return Dnstap, true
	}
	best, most := Format{}, 0
	for _, format := range Formats {
		now := clock
		parser, score := format.New(&now), 0
		for line := range bytes.Lines(head) {
			switch parser.Parse(bytes.TrimRight(line, "\r\n"), func(*Record) {}) {
			case Taken:
				score += 2 // names, which are nothing but one word, must not win by the odd line
			case Other:
				score++
			case Unknown:
				score--
			case Foreign:
			}
		}
		if score > most {
			best, most = format, score
		}
	}
	return best, most > 0
}

// ByName returns the format that the option -format names.
func ByName(name string) (Format, bool) {
	for _, format := range append([]Format{Dnstap}, Formats...) {
		if format.Name == name {
			return format, true
		}
	}
	return Format{}, false
}
