package typoguard

// Ready implements the ready.Readiness interface: a policy is in force. Since a Corefile whose policy does not compile
// never starts, and a list that breaks later leaves the last good one in force, it stays true.
func (t *Typoguard) Ready() bool { return t.block.rules.Load() != nil }
