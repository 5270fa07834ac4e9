package listzone

import "fmt"

// maxText is the maximum length of a text. One string of a TXT record has 255 bytes, and many mail servers only read the first; the line of an
// SMTP reply has 512.
const maxText = 255

// Text returns the words for the sender of mail to a lookalike, with the name that was probably meant, and the id of the event. Both names are
// in A-labels and without the final dot.
//
// Every mail server must deliver them readable: Sendmail takes what is in parentheses for a comment, and drops spaces next to a full stop,
// a comma and a semicolon.
func Text(lookalike, intended, id string) string {
	for _, text := range []string{
		fmt.Sprintf("%s looks like a mistyped %s - did you mean %s? Id %s", lookalike, intended, intended, id),
		fmt.Sprintf("This looks like a mistyped %s. Id %s", intended, id),
	} {
		if len(text) <= maxText {
			return text
		}
	}
	return "This looks like a mistyped domain. Id " + id
}
