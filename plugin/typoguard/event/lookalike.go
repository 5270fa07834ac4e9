package event

// Lookalike is what a name was found to look like, by one policy.
type Lookalike struct {
	// Protected is the suffix that the name looks like, and Intended the name that was probably meant, both in lower case
	// and without the final dot.
	Protected string `json:"protected"`
	Intended  string `json:"intended"`
	// Kind is the difference between them, and Distance the number of edits, 0 of a homoglyph.
	Kind     string `json:"kind"`
	Distance int    `json:"distance"`
	// Policy is the name of the policy that protects the suffix.
	Policy string `json:"policy"`
}
