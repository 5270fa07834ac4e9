package event

// Candidate is a protected suffix that a name looks like, besides the deciding one.
type Candidate struct {
	// Protected, Intended, Kind, Distance and Policy are as in Event.
	Protected string `json:"protected"`
	Intended  string `json:"intended"`
	Kind      string `json:"kind"`
	Distance  int    `json:"distance"`
	Policy    string `json:"policy"`
}
