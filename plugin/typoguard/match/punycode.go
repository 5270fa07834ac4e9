package match

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// The parameters of Punycode (RFC 3492 section 5).
const (
	base        = 36
	tMin        = 1
	tMax        = 26
	skew        = 38
	damp        = 700
	initialBias = 72
	initialN    = 0x80
)

// decodeALabel appends to dst the Unicode form of a label that starts with "xn--", given in lower case. It reports false
// for a label that is not the Punycode of one with at least one non-ASCII character. It is here, and not in
// golang.org/x/net/idna, because that one allocates; a fuzz test holds the two together. Nothing but the encoding is
// checked: whether IDNA 2008 allows the label is the registry's business, and a typo need not be registrable.
func decodeALabel(dst []rune, label []byte) ([]rune, bool) {
	encoded, ok := bytes.CutPrefix(label, []byte("xn--"))
	if !ok {
		return nil, false
	}
	start := len(dst)
	if hyphen := bytes.LastIndexByte(encoded, '-'); hyphen >= 0 {
		if hyphen == 0 {
			return nil, false
		}
		for _, c := range encoded[:hyphen] {
			if c >= utf8.RuneSelf || c == innerDot {
				return nil, false
			}
			dst = append(dst, rune(c))
		}
		encoded = encoded[hyphen+1:]
	}
	if len(encoded) == 0 {
		return nil, false
	}
	return insertEncoded(dst, start, encoded)
}

// insertEncoded inserts the non-ASCII characters of a label behind dst[start:], which are its ASCII ones: the decoding
// procedure of RFC 3492 section 6.2.
func insertEncoded(dst []rune, start int, encoded []byte) ([]rune, bool) {
	n, at, bias := int32(initialN), int32(0), int32(initialBias)
	for len(encoded) > 0 {
		before, weight := at, int32(1)
		for k := int32(base); ; k += base {
			if len(encoded) == 0 {
				return nil, false
			}
			digit, ok := punycodeDigit(encoded[0])
			encoded = encoded[1:]
			if !ok || digit > (math.MaxInt32-at)/weight {
				return nil, false
			}
			at += digit * weight
			threshold := min(max(k-bias, tMin), tMax)
			if digit < threshold {
				break
			}
			if weight > math.MaxInt32/(base-threshold) {
				return nil, false
			}
			weight *= base - threshold
		}
		length := int32(len(dst)-start) + 1
		bias = adaptBias(at-before, length, before == 0)
		if at/length > utf8.MaxRune-n {
			return nil, false
		}
		n += at / length
		at %= length
		if !utf8.ValidRune(n) {
			return nil, false
		}
		dst = append(dst, 0)
		copy(dst[start+int(at)+1:], dst[start+int(at):])
		dst[start+int(at)] = n
		at++
	}
	return dst, true
}

// punycodeDigit returns the value of a basic code point used as a digit.
func punycodeDigit(c byte) (int32, bool) {
	switch {
	case 'a' <= c && c <= 'z':
		return int32(c - 'a'), true
	case '0' <= c && c <= '9':
		return int32(c-'0') + 26, true
	}
	return 0, false
}

// adaptBias is the bias adaptation of RFC 3492 section 6.1.
func adaptBias(delta, length int32, first bool) int32 {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / length
	k := int32(0)
	for delta > ((base-tMin)*tMax)/2 {
		delta /= base - tMin
		k += base
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}
