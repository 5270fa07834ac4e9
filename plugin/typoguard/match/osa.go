package match

import "slices"

// maxDistance is the highest distance of an entry. At three edits, most short names are near each other.
const maxDistance = 2

// tooFar is what distance returns for names that are further apart than the limit.
const tooFar = maxDistance + 1

// distance returns the optimal string alignment distance of a and b if it is at most limit, and tooFar otherwise.
// Neither may be longer than 255 characters, and limit not larger than maxDistance.
func distance(a, b []rune, limit int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > limit {
		return tooFar
	}
	return banded(a, b, limit)
}

// banded fills only the cells within maxDistance of the diagonal, because a path that leaves the band costs more anyway. Cell (i, j)
// is in row i at j-i+maxDistance. Row i-2 is needed for transpositions.
func banded(a, b []rune, limit int) int {
	const width = 2*maxDistance + 1
	var before, above, row [width]uint8
	for k := range row {
		row[k] = uint8(max(k-maxDistance, 0)) // row 0: j insertions; the cells of negative j are never read
	}
	for i := 1; i <= len(a); i++ {
		before, above = above, row
		for k := range row {
			row[k] = tooFar
			j := i + k - maxDistance
			switch {
			case j < 0 || j > len(b):
				continue
			case j == 0:
				row[k] = uint8(min(i, tooFar))
				continue
			}
			cost := above[k]
			if a[i-1] != b[j-1] {
				cost++
			}
			if k+1 < width {
				cost = min(cost, above[k+1]+1)
			}
			if k > 0 {
				cost = min(cost, row[k-1]+1)
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cost = min(cost, before[k]+1)
			}
			row[k] = min(cost, tooFar)
		}
	}
	if d := int(row[len(b)-len(a)+maxDistance]); d <= limit {
		return d
	}
	return tooFar
}

// kindOf returns the kind of difference between a suffix of a queried name and a protected suffix near it.
func kindOf(name, protected []rune, distance int, keyboard Keyboard) Kind {
	switch {
	case distance > 1:
		return Multiple
	case len(name) < len(protected):
		return Omission
	case len(name) > len(protected):
		return Addition
	}
	first := 0
	for name[first] == protected[first] {
		first++
	}
	switch {
	case !slices.Equal(name[first+1:], protected[first+1:]):
		return Transposition
	case keyboard.adjacent(name[first], protected[first]):
		return Adjacent
	}
	return Substitution
}

// lacksLabel reports whether name is protected with one whole label, and its dot, missing. Within two edits only a
// label of one character can be.
func lacksLabel(name, protected []rune) bool {
	if len(protected)-len(name) != 2 {
		return false
	}
	for i := 0; i+1 < len(protected); i++ {
		alone := (i == 0 || protected[i-1] == '.') && protected[i+1] == '.'
		if alone && slices.Equal(name[:i], protected[:i]) && slices.Equal(name[i:], protected[i+2:]) {
			return true
		}
	}
	last := len(protected) - 1 // the last label has no dot behind it, but one before
	return protected[last-1] == '.' && slices.Equal(name, protected[:last-1])
}
