package resolvers

// Secondaries are products that get a response policy zone by transfer, with its primary at port $primary of the loopback address, and take
// it from the address $source. All but Unbound sign their requests with the key of $secret.
var (
	// FedTypoguard has the zone as its primary. It listens at port $encrypted, too, with a certificate in $certificates, and notifies
	// $secondaries.
	FedTypoguard = Product{Name: Typoguard.Name, Program: Typoguard.Program, conf: "feed/typoguard", args: Typoguard.args, version: Typoguard.version}
	// FedBIND is BIND 9, which protects transfers as $protection says.
	FedBIND = Product{Name: BIND.Name, Program: BIND.Program, Debian: BIND.Debian, conf: "feed/bind", args: BIND.args, version: BIND.version}
	// FedUnbound is Unbound.
	FedUnbound = Product{Name: Unbound.Name, Program: Unbound.Program, Debian: Unbound.Debian, conf: "feed/unbound", args: Unbound.args, version: Unbound.version}
	// FedPowerDNS is PowerDNS Recursor.
	FedPowerDNS = Product{
		Name: PowerDNS.Name, Program: PowerDNS.Program, Debian: PowerDNS.Debian, conf: "feed/powerdns", args: PowerDNS.args, version: PowerDNS.version,
	}
	// FedNSD is NSD, which has the zone for other secondaries, and notifies the one at port $relayed.
	FedNSD = Product{Name: "NSD", Program: "nsd", Debian: "nsd", conf: "feed/nsd", args: []string{"-d", "-c", "$dir/nsd.conf"}, version: []string{"-v"}}
	// FedKnotDNS is Knot DNS, likewise.
	FedKnotDNS = Product{Name: "Knot DNS", Program: "knotd", Debian: "knot", conf: "feed/knot", args: []string{"-c", "$dir/knot.conf"}, version: []string{"-V"}}
)
