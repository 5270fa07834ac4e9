// Package match finds domain names that look like a mistyped protected one.
//
// [Compile] turns a list of protected and allowed suffixes into an immutable [Index]; [Index.Lookup] judges one name
// against it without allocating. The package knows nothing of DNS messages, clients, policies or actions.
//
// # Definition
//
// Names are compared lower-case in ASCII, label by label, with escapes (\. and \DDD, RFC 1035 section 5.1 and RFC 4343)
// decoded. A name with A-labels (RFC 5890) is compared as it is on the wire and also as Unicode, and the nearer of the
// two counts. A label that cannot be decoded is compared as its bytes: a lookup never fails over the spelling of a name.
//
// A name that equals or lies under a protected or an allowed suffix is listed, and never a lookalike. Otherwise every
// suffix of the name with one label less, as many labels, or one label more than a protected suffix is compared with it,
// a dot counting as a character like any other. What lies within the entry's distance is a [Match], with one exception:
// a suffix that is the protected one with a whole label missing is not a typo of it ("com" is two edits from "x.com").
// A name may have several such places: "b.ing.com" is "bing.com" with a dot too many, and lies under "ing.com", which has lost a
// letter. Each is a match, because what was meant depends on the place, and with it whatever a caller asks about that.
//
// Some differences count as one edit although they are more: a letter of the registrable label that was moved, letters that were
// transliterated, a public suffix, or the label before it, that was doubled, a public suffix behind a protected domain, and the dot
// missing between one and a usual name of a host. The kinds say what of these counts ([Kind]).
// Two edits count only in suffixes whose registrable label has at least five characters ([MaxDistance]).
//
// Distance is optimal string alignment, also called restricted Damerau-Levenshtein: inserting, deleting or replacing one
// character, or swapping two neighbours, costs 1 each, and no part of the name is edited twice. It is not a metric: "ca"
// is 3 from "abc", though 1 from "ac", which is 1 from "abc".
//
// A name that looks the same as a protected suffix, because its characters do, is a match at distance 0, if the index was
// compiled with [Homoglyphs].
//
// # How it is found
//
// All suffixes are one text, without pointers (records.go), with what the Public Suffix List says of each (registrable.go). A hash
// table by skeleton finds those that equal, or look the same as, a suffix of the name (table.go, skeleton.go), or what the name
// could have been instead: without something doubled (doubled.go), without what is behind or before it (appended.go, boundary.go),
// or in other letters (rewrite.go). Those within one or two edits, or with a letter moved, are found by segments that no edit has
// damaged (segments.go, probes.go), as in PassJoin, but exactly for optimal string alignment, and cut where they tell these suffixes
// apart (cuts.go); what shares them is then measured (osa.go). The index thus only ever saves work; it does not decide. Nearly every
// name is read in one pass over its end (plain.go); name.go has the rest of them.
package match
