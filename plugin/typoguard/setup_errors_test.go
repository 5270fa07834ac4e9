package typoguard

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestParseErrors holds every message whole: it must name the place, the token, and what was expected. ROOT stands for
// the directory of the list files.
func TestParseErrors(t *testing.T) {
	root := writeLists(t, map[string]string{
		"good.txt":      "army.mil\n",
		"two.txt":       "army.mil\nnavy.mil af.mil\n",
		"bad.txt":       "# the army\narmy..mil\n",
		"latin1.txt":    "army.mil\nb\xfccher.example\n",
		"short.txt":     "nl\n",
		"end.txt":       "navy.mil until=tomorrow\n",
		"more.txt":      "navy.mil until=2026-12-31 af.mil\n",
		"empty.txt":     "# nothing\n",
		"many.txt":      manyPrefixes(201),
		"allowarmy.txt": "gov.ml\narmy.mil # by mistake\n",
	})
	const tooShort = "a single label of one or two characters is within one edit of dozens of top-level domains; expected full domains, such as army.nl"
	tests := []struct {
		name, option string // the option is the third line of a stanza that protects mil
		want         string
	}{
		{"unknown option", "protects mil", `Testfile:3 - Error during parsing: unknown option "protects" (did you mean protect?); expected one of protect, protect_file, allow, allow_file, allow_from, deny, popular, short, cache_dir, on_missing, minisign, distance, kinds, boundary_prefixes, keyboard, clients, client_subnet_from, types, action, smtp, smtp_hostname, smtp_tls, smtp_limits, hint, log_addresses, mode, require, inspect, watch, lookalike_zone, feed, ttl, reload, shrink, events, syslog, notify, log_events, client_mask, dnstap, history, review`},
		{"unlike any option", "hide mil", `Testfile:3 - Error during parsing: unknown option "hide"; expected one of protect, protect_file, allow, allow_file, allow_from, deny, popular, short, cache_dir, on_missing, minisign, distance, kinds, boundary_prefixes, keyboard, clients, client_subnet_from, types, action, smtp, smtp_hostname, smtp_tls, smtp_limits, hint, log_addresses, mode, require, inspect, watch, lookalike_zone, feed, ttl, reload, shrink, events, syslog, notify, log_events, client_mask, dnstap, history, review`},
		{"a plugin", "forward . 192.0.2.53", `Testfile:3 - Error during parsing: unknown option "forward" (a plugin: is a } missing above?); expected one of protect, protect_file, allow, allow_file, allow_from, deny, popular, short, cache_dir, on_missing, minisign, distance, kinds, boundary_prefixes, keyboard, clients, client_subnet_from, types, action, smtp, smtp_hostname, smtp_tls, smtp_limits, hint, log_addresses, mode, require, inspect, watch, lookalike_zone, feed, ttl, reload, shrink, events, syslog, notify, log_events, client_mask, dnstap, history, review`},

		{"protect nothing", "protect", `Testfile:3 - Error during parsing: protect: no argument; expected domain suffixes`},
		{"protect a bad name", "protect army..mil", `Testfile:3 - Error during parsing: protect: "army..mil": expected a domain suffix such as army.nl: idna: invalid label "army..mil"`},
		{"protect a wildcard", "protect *.army.mil", `Testfile:3 - Error during parsing: protect: "*.army.mil": expected a domain suffix such as army.nl; write "army.mil", which includes everything below it`},
		{"protect with a leading dot", "protect .mil", `Testfile:3 - Error during parsing: protect: ".mil": expected a domain suffix such as army.nl; write "mil", which includes everything below it`},
		{"protect the root", "protect .", `Testfile:3 - Error during parsing: protect: ".": expected a domain suffix such as army.nl, not the root`},
		{"protect an address", "protect 192.0.2.1", `Testfile:3 - Error during parsing: protect: "192.0.2.1": expected a domain suffix such as army.nl, not an address`},
		{"protect a mailbox", "protect bob@army.mil", `Testfile:3 - Error during parsing: protect: "bob@army.mil": expected a domain suffix such as army.nl; write "army.mil"`},
		{"protect with commas", "protect army.mil, navy.mil", `Testfile:3 - Error during parsing: protect: "army.mil,": expected a domain suffix such as army.nl, and several with blanks in between, not commas`},
		{"protect with a brace", "protect army.mil }", `Testfile:3 - Error during parsing: protect: "}": expected a domain suffix such as army.nl; braces stand at the end of a line, and alone on one`},
		{"protect with an end", "protect army.mil until=2026-12-31", `Testfile:3 - Error during parsing: protect: "until=2026-12-31"; expected domain suffixes only: those that expire belong in a file, named by protect_file`},
		{"protect two letters", "protect army.nl nl", `Testfile:3 - Error during parsing: protect: "nl": ` + tooShort},
		{"protect a short IDN", "protect рф", `Testfile:3 - Error during parsing: protect: "рф": ` + strings.Replace(tooShort, ".nl", ".xn--p1ai", 1)},

		{"protect an unknown list", "protect army.mil builtin:army", `Testfile:3 - Error during parsing: protect: no built-in list "army"; expected one of freemail, us-federal, us-military`},

		{"protect_file nothing", "protect_file", `Testfile:3 - Error during parsing: protect_file: no argument; expected file names`},
		{"protect_file missing", "protect_file nope.txt", `Testfile:3 - Error during parsing: protect_file: open ROOT/nope.txt: no such file or directory; expected a readable list file`},
		{"protect_file is a directory", "protect_file .", `Testfile:3 - Error during parsing: protect_file: ROOT is not a regular file; expected a readable list file`},
		{"protect_file empty", "protect_file empty.txt", `Testfile:3 - Error during parsing: protect_file: no suffix in ROOT/empty.txt; expected at least one`},
		{"protect_file with a bad line", "protect_file good.txt bad.txt", `ROOT/bad.txt:2 - Error during parsing: "army..mil": expected a domain suffix such as army.nl: idna: invalid label "army..mil"`},
		{"protect_file with two on a line", "protect_file two.txt", `ROOT/two.txt:2 - Error during parsing: "af.mil" after "navy.mil"; expected one suffix a line, and until=DATE at most`},
		{"protect_file with a bad end", "protect_file end.txt", `ROOT/end.txt:1 - Error during parsing: until=tomorrow; expected a day such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z`},
		{"protect_file with more than an end", "protect_file more.txt", `ROOT/more.txt:1 - Error during parsing: "af.mil" after "until=2026-12-31"; expected nothing more`},
		{"protect_file not in UTF-8", "protect_file latin1.txt", `ROOT/latin1.txt:2 - Error during parsing: "b\xfccher.example" is not UTF-8; expected a domain suffix`},
		{"protect_file with two letters", "protect_file short.txt", `ROOT/short.txt:1 - Error during parsing: "nl": ` + tooShort},

		{"allow nothing", "allow", `Testfile:3 - Error during parsing: allow: no argument; expected domain suffixes`},
		{"allow a bad name", "allow gov_.ml", `Testfile:3 - Error during parsing: allow: "gov_.ml": expected a domain suffix such as army.nl: idna: disallowed rune U+005F`},
		{"allow what is protected", "allow ml mil", `Testfile:3 - Error during parsing: "mil" is allowed here and protected at Testfile:2; expected it on one list only`},
		{"allow_from nothing", "allow_from", `Testfile:3 - Error during parsing: allow_from: no argument; expected history`},
		{"allow_from another place", "allow_from file", `Testfile:3 - Error during parsing: allow_from: "file"; expected history`},
		{"allow_from without histories", "allow_from history", `Testfile:3 - Error during parsing: allow_from: this program was built without it; expected one that imports github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory, as coredns-typoguard does`},
		{"notify by mail without histories", "notify mailto:soc@corp.example", `Testfile:3 - Error during parsing: notify: this program was built without it; expected one that imports github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory, as coredns-typoguard does`},
		{"allow_file missing", "allow_file nope.txt", `Testfile:3 - Error during parsing: allow_file: open ROOT/nope.txt: no such file or directory; expected a readable list file`},
		{"allow_file with what a protect_file protects", "allow_file allowarmy.txt\nprotect_file good.txt", `ROOT/allowarmy.txt:2 - Error during parsing: "army.mil" is allowed here and protected at ROOT/good.txt:1; expected it on one list only`},

		{"protect_file over plain HTTP", "protect_file http://lists.example/mil", `Testfile:3 - Error during parsing: protect_file: "http://lists.example/mil"; expected a file, or an address that begins with https://`},
		{"protect_file from nobody", "protect_file https://127.0.0.1:1/mil", `Testfile:3 - Error during parsing: protect_file: Get "https://127.0.0.1:1/mil": dial tcp 127.0.0.1:1: connect: connection refused; expected a list, and there is no copy, because cache_dir is not set`},
		{"cache_dir missing", "cache_dir", `Testfile:3 - Error during parsing: cache_dir: no argument; expected a directory`},
		{"cache_dir that is not there", "cache_dir nope", `Testfile:3 - Error during parsing: cache_dir: stat ROOT/nope: no such file or directory; expected a directory`},
		{"cache_dir that is a file", "cache_dir good.txt", `Testfile:3 - Error during parsing: cache_dir: ROOT/good.txt; expected a directory`},
		{"cache_dir for nothing", "cache_dir .", `Testfile:3 - Error during parsing: cache_dir: no list is fetched; expected one from https://`},
		{"on_missing missing", "on_missing", `Testfile:3 - Error during parsing: on_missing: no argument; expected one of fail, start, unready`},
		{"on_missing something", "on_missing wait", `Testfile:3 - Error during parsing: on_missing: unknown choice "wait"; expected one of fail, start, unready`},
		{"on_missing twice", "on_missing start unready", `Testfile:3 - Error during parsing: on_missing: "unready"; expected nothing more`},
		{"minisign without a key", "minisign", `Testfile:3 - Error during parsing: minisign: no argument; expected a public key or its file`},
		{"minisign with a file that is not there", "minisign /none.pub", `Testfile:3 - Error during parsing: minisign: open /none.pub: no such file or directory; expected a public key of minisign, such as RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3, or its file`},
		{"minisign for nothing", "minisign RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3", `Testfile:3 - Error during parsing: minisign: no list is fetched; expected one from https://`},
		{"on_missing for nothing", "on_missing start", `Testfile:3 - Error during parsing: on_missing: no list is fetched; expected one from https://`},

		{"distance missing", "distance", `Testfile:3 - Error during parsing: distance: no argument; expected 1 or 2`},
		{"distance 3", "distance 3", `Testfile:3 - Error during parsing: distance: "3"; expected 1 or 2`},
		{"distance twice", "distance 1\ndistance 1", `Testfile:4 - Error during parsing: distance: already given at Testfile:3; expected it once`},
		{"distance of two arguments", "distance 1 2", `Testfile:3 - Error during parsing: distance: "2" after "1"; expected 1 or 2 only`},
		{"distance 2 for nothing", "distance 2", `Testfile:3 - Error during parsing: distance: 2 applies to none of the suffixes; expected one with at least five characters before its public suffix, such as mindef.nl`},

		{"kinds missing", "kinds", `Testfile:3 - Error during parsing: kinds: no argument; expected kinds of difference`},
		{"unknown kind", "kinds omission typo", `Testfile:3 - Error during parsing: kinds: unknown kind "typo"; expected omission, addition, substitution, adjacent, transposition, moved, transliteration, doubled, appended, boundary, homoglyph, multiple, suffix or tld, or default`},
		{"multiple at distance 1", "kinds multiple", `Testfile:3 - Error during parsing: kinds: multiple is two edits; expected distance 2 with it`},
		{"distance 2 without multiple", "kinds omission\ndistance 2\nprotect mindef.nl", `Testfile:3 - Error during parsing: kinds: without multiple, distance 2 finds nothing more; expected distance 1, or multiple among the kinds`},
		{"suffix at distance 2", "kinds multiple suffix\ndistance 2\nprotect mindef.nl", `Testfile:3 - Error during parsing: kinds: suffix finds nothing that multiple does not; expected distance 1 with it`},

		{"boundary_prefixes missing", "boundary_prefixes", `Testfile:3 - Error during parsing: boundary_prefixes: no argument; expected names of hosts, or of files with some`},
		{"boundary_prefixes no label", "kinds boundary\nboundary_prefixes post po_st", `Testfile:4 - Error during parsing: boundary_prefixes: "po_st": expected the first label of a host's name, of letters, digits and hyphens, such as mail`},
		{"boundary_prefixes in Unicode", "kinds boundary\nboundary_prefixes büro", `Testfile:4 - Error during parsing: boundary_prefixes: "büro": expected the first label of a host's name, of letters, digits and hyphens, such as mail`},
		{"boundary_prefixes with a whole name", "kinds boundary\nboundary_prefixes post.army.mil", `Testfile:4 - Error during parsing: boundary_prefixes: open ROOT/post.army.mil: no such file or directory; expected the first label of a host's name, or a readable file`},
		{"boundary_prefixes with a bad line", "kinds boundary\nboundary_prefixes good.txt", `Testfile:4 - Error during parsing: boundary_prefixes: ROOT/good.txt: line 1: "army.mil": expected the first label of a host's name, of letters, digits and hyphens, such as mail`},
		{"boundary_prefixes with an empty file", "kinds boundary\nboundary_prefixes empty.txt", `Testfile:4 - Error during parsing: boundary_prefixes: no name of a host in ROOT/empty.txt; expected at least one`},
		{"boundary_prefixes without the kind", "kinds default appended\nboundary_prefixes post", `Testfile:4 - Error during parsing: boundary_prefixes: the policy has no kind boundary; expected it among kinds, such as kinds default boundary`},
		{"boundary_prefixes without kinds", "boundary_prefixes post", `Testfile:3 - Error during parsing: boundary_prefixes: the policy has no kind boundary; expected it among kinds, such as kinds default boundary`},
		{"boundary_prefixes too many", "kinds boundary\nboundary_prefixes many.txt", `Testfile:4 - Error during parsing: boundary_prefixes: 201 names of hosts; expected 200 at most`},

		{"keyboard missing", "keyboard", `Testfile:3 - Error during parsing: keyboard: no argument; expected a layout`},
		{"unknown keyboard", "keyboard dvorak", `Testfile:3 - Error during parsing: keyboard: unknown keyboard "dvorak"; expected one of qwerty, qwertz, azerty`},
		{"keyboard twice", "keyboard azerty\nkeyboard azerty", `Testfile:4 - Error during parsing: keyboard: already given at Testfile:3; expected it once`},

		{"require missing", "require", `Testfile:3 - Error during parsing: require: no argument; expected counterpart`},
		{"require something else", "require dnssec", `Testfile:3 - Error during parsing: require: unknown requirement "dnssec"; expected counterpart`},
		{"require with an unknown setting", "require counterpart retry 3", `Testfile:3 - Error during parsing: require: unknown setting "retry"; expected one of on_error, timeout`},
		{"require without a value", "require counterpart timeout", `Testfile:3 - Error during parsing: require: timeout without a value; expected one`},
		{"require with a setting twice", "require counterpart timeout 1s timeout 2s", `Testfile:3 - Error during parsing: require: timeout twice; expected it once`},
		{"require with an unknown on_error", "require counterpart on_error drop", `Testfile:3 - Error during parsing: require: on_error "drop"; expected defer, block or pass`},
		{"require with no timeout", "require counterpart timeout 0s", `Testfile:3 - Error during parsing: require: timeout "0s"; expected a duration up to 4s such as 1s`},
		{"require with a long timeout", "require counterpart timeout 5s", `Testfile:3 - Error during parsing: require: timeout "5s"; expected a duration up to 4s such as 1s`},
		{"require twice", "require counterpart\nrequire counterpart", `Testfile:4 - Error during parsing: require: already given at Testfile:3; expected it once`},

		{"mode enforce until", "mode enforce until=2026-12-31", `Testfile:3 - Error during parsing: mode: "until=2026-12-31" after enforce; expected nothing, or until=DATE after monitor`},
		{"mode monitor for something else", "mode monitor for=7d", `Testfile:3 - Error during parsing: mode: "for=7d" after monitor; expected nothing, or until=DATE after monitor`},
		{"mode monitor until no day", "mode monitor until=31.12.2026", `Testfile:3 - Error during parsing: mode: until=31.12.2026; expected a day such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z`},
		{"mode monitor until two days", "mode monitor until=2026-12-31 until=2027-12-31", `Testfile:3 - Error during parsing: mode: until=2026-12-31 until=2027-12-31; expected a day such as 2026-12-31, or a time such as 2026-12-31T18:00:00Z`},
		{"watch what", "watch always", `Testfile:3 - Error during parsing: watch: "always"; expected on or off`},
		{"inspect missing", "inspect", `Testfile:3 - Error during parsing: inspect: no argument; expected types of records`},
		{"inspect an unknown type", "inspect mx a", `Testfile:3 - Error during parsing: inspect: unknown type "a"; expected mx, cname, srv, ns or svcb`},

		{"clients by metadata without a value", "clients metadata:proxyproto/tlv", `Testfile:3 - Error during parsing: clients: "metadata:proxyproto/tlv"; expected metadata:LABEL=VALUE with a label such as plugin/name`},
		{"clients by metadata without a label", "clients metadata:mail=1", `Testfile:3 - Error during parsing: clients: "metadata:mail=1"; expected metadata:LABEL=VALUE with a label such as plugin/name`},
		{"client_subnet_from missing", "client_subnet_from", `Testfile:3 - Error during parsing: client_subnet_from: no argument; expected networks`},
		{"client_subnet_from a name", "client_subnet_from lb.example", `Testfile:3 - Error during parsing: client_subnet_from: "lb.example"; expected a network such as 192.0.2.0/24 or 2001:db8::/32`},
		{"client_subnet_from for nothing", "client_subnet_from 192.0.2.1", `Testfile:3 - Error during parsing: client_subnet_from: the policy is not restricted to any clients; expected networks in clients`},
		{"clients missing", "clients", `Testfile:3 - Error during parsing: clients: no argument; expected networks`},
		{"clients by name", "clients mail.example", `Testfile:3 - Error during parsing: clients: "mail.example"; expected a network such as 192.0.2.0/24 or 2001:db8::/32`},
		{"clients with a long prefix", "clients 192.0.2.0/33", `Testfile:3 - Error during parsing: clients: "192.0.2.0/33"; expected a network such as 192.0.2.0/24 or 2001:db8::/32`},
		{"clients with host bits", "clients 192.0.2.1/24", `Testfile:3 - Error during parsing: clients: "192.0.2.1/24" has host bits set; expected 192.0.2.0/24`},
		{"clients mapped", "clients ::ffff:192.0.2.0/120", `Testfile:3 - Error during parsing: clients: "::ffff:192.0.2.0/120"; expected a network such as 192.0.2.0/24 or 2001:db8::/32`},
		{"clients with a zone", "clients fe80::1%eth0", `Testfile:3 - Error during parsing: clients: "fe80::1%eth0"; expected a network such as 192.0.2.0/24 or 2001:db8::/32`},

		{"types missing", "types", `Testfile:3 - Error during parsing: types: no argument; expected query types`},
		{"unknown type", "types MX AA", `Testfile:3 - Error during parsing: types: unknown type "AA"; expected query types such as MX A AAAA`},
		{"types ANY", "types MX A AAAA ANY", `Testfile:3 - Error during parsing: types: ANY is answered as MX is; expected types other than ANY`},
		{"types DS", "types MX A AAAA DS", `Testfile:3 - Error during parsing: types: DS always passes, for DNSSEC; expected other types`},
		{"types MX alone", "types MX", `Testfile:3 - Error during parsing: types: MX with action nxdomain would let mail through by A; expected MX A AAAA among them`},
		{"types without AAAA", "types MX A\naction nodata", `Testfile:3 - Error during parsing: types: MX A with action nodata would let mail through by AAAA; expected MX A AAAA among them`},
		{"types without MX", "types A AAAA", `Testfile:3 - Error during parsing: types: A AAAA with action nxdomain would let mail through by MX; expected MX A AAAA among them`},
		{"sinkhole for MX alone", "action sinkhole 192.0.2.1\ntypes MX", `Testfile:4 - Error during parsing: types: MX with action sinkhole would let mail through by A; expected MX A AAAA among them`},
		{"null MX without MX", "action nullmx\ntypes A AAAA", `Testfile:4 - Error during parsing: types: A AAAA with action nullmx would let mail through by MX; expected MX among them`},

		{"action missing", "action", `Testfile:3 - Error during parsing: action: no argument; expected one of nxdomain, nodata, nullmx, sinkhole`},
		{"unknown action", "action refused", `Testfile:3 - Error during parsing: action: unknown action "refused"; expected one of nxdomain, nodata, nullmx, sinkhole`},
		{"action with an address", "action nullmx 192.0.2.1", `Testfile:3 - Error during parsing: action: "192.0.2.1" after nullmx; expected nothing`},
		{"action twice", "action nodata\naction nullmx", `Testfile:4 - Error during parsing: action: already given at Testfile:3; expected it once`},
		{"sinkhole without address", "action sinkhole", `Testfile:3 - Error during parsing: action: sinkhole without an address; expected at least one`},
		{"sinkhole by name", "action sinkhole sink.example", `Testfile:3 - Error during parsing: action: sinkhole address "sink.example"; expected an IPv4 or IPv6 address`},
		{"sinkhole 0.0.0.0", "action sinkhole 0.0.0.0", `Testfile:3 - Error during parsing: action: sinkhole address 0.0.0.0 is not the address of a host; expected one that all clients reach`},
		{"sinkhole ::", "action sinkhole 192.0.2.1 ::", `Testfile:3 - Error during parsing: action: sinkhole address :: is not the address of a host; expected one that all clients reach`},
		{"sinkhole multicast", "action sinkhole ff02::1", `Testfile:3 - Error during parsing: action: sinkhole address ff02::1 is not the address of a host; expected one that all clients reach`},
		{"sinkhole broadcast", "action sinkhole 255.255.255.255", `Testfile:3 - Error during parsing: action: sinkhole address 255.255.255.255 is not the address of a host; expected one that all clients reach`},
		{"sinkhole twice", "action sinkhole 192.0.2.1 192.0.2.1", `Testfile:3 - Error during parsing: action: sinkhole address 192.0.2.1 twice; expected different ones`},
		{"sinkhole on loopback for all", "action sinkhole 127.0.0.1", `Testfile:3 - Error during parsing: action: sinkhole 127.0.0.1 is the mail server itself; expected an address that all clients reach, or clients 127.0.0.0/8 ::1`},
		{"sinkhole on loopback for others", "clients 127.0.0.0/8 192.0.2.0/24\naction sinkhole ::1", `Testfile:4 - Error during parsing: action: sinkhole ::1 is the mail server itself; expected an address that all clients reach, or clients 127.0.0.0/8 ::1`},

		{"unknown mode", "mode dry-run", `Testfile:3 - Error during parsing: mode: unknown mode "dry-run"; expected one of enforce, monitor`},
		{"mode missing", "mode", `Testfile:3 - Error during parsing: mode: no argument; expected one of enforce, monitor`},
		{"mode twice", "mode enforce\nmode monitor", `Testfile:4 - Error during parsing: mode: already given at Testfile:3; expected it once`},
		{"ttl missing", "ttl", `Testfile:3 - Error during parsing: ttl: no argument; expected seconds`},
		{"ttl with a unit", "ttl 60s", `Testfile:3 - Error during parsing: ttl: "60s"; expected seconds from 0 to 86400`},
		{"ttl negative", "ttl -1", `Testfile:3 - Error during parsing: ttl: "-1"; expected seconds from 0 to 86400`},
		{"ttl too long", "ttl 86401", `Testfile:3 - Error during parsing: ttl: "86401"; expected seconds from 0 to 86400`},
		{"shrink missing", "shrink", `Testfile:3 - Error during parsing: shrink: no argument; expected a percentage`},
		{"shrink by more than all", "shrink 101", `Testfile:3 - Error during parsing: shrink: "101"; expected a percentage from 0 to 100, such as 50`},
		{"shrink with a sign", "shrink 50%", `Testfile:3 - Error during parsing: shrink: "50%"; expected a percentage from 0 to 100, such as 50`},
		{"shrink twice", "shrink 50\nshrink 60", `Testfile:4 - Error during parsing: shrink: already given at Testfile:3; expected it once`},
		{"reload missing", "reload", `Testfile:3 - Error during parsing: reload: no argument; expected a duration`},
		{"reload without a unit", "reload 30", `Testfile:3 - Error during parsing: reload: "30"; expected a duration of at least 1s such as 30s, or 0s for never`},
		{"reload too often", "reload 10ms", `Testfile:3 - Error during parsing: reload: "10ms"; expected a duration of at least 1s such as 30s, or 0s for never`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCorefile(t, root, "typoguard {\nprotect mil\n"+tt.option+"\n}")
			require.EqualError(t, err, strings.ReplaceAll(tt.want, "ROOT", root))
		})
	}
}

// TestParseStanzaErrors is about what is wrong with a stanza as a whole, or between two.
func TestParseStanzaErrors(t *testing.T) {
	root := writeLists(t, map[string]string{"mil.txt": "mil\n"})
	tests := []struct{ name, corefile, want string }{
		{"no block", "typoguard", `Testfile:1 - Error during parsing: policy "default" protects nothing; expected protect or protect_file`},
		{"an empty policy", "typoguard mil {\nallow gov.ml\n}", `Testfile:1 - Error during parsing: policy "mil" protects nothing; expected protect or protect_file`},
		{"two names", "typoguard mil army {\nprotect mil\n}", `Testfile:1 - Error during parsing: "army" after the policy name; expected one name at most`},
		{"a bad name", "typoguard mil! {\nprotect mil\n}", `Testfile:1 - Error during parsing: policy name "mil!"; expected up to 63 letters, digits, '_', '.' and '-'`},
		{"the same name twice", "typoguard mil {\nprotect mil\n}\ntypoguard mil {\nprotect gov\n}", `Testfile:4 - Error during parsing: policy name "mil" is already used by the stanza at Testfile:1; expected a different name for each`},
		{"no name twice", "typoguard {\nprotect mil\n}\ntypoguard {\nprotect gov\n}", `Testfile:4 - Error during parsing: policy name "default" is already used by the stanza at Testfile:1; expected a different name for each`},
		{"allowed by another policy", "typoguard a {\nprotect_file mil.txt\n}\ntypoguard b {\nprotect gov\nallow mil\n}", `Testfile:6 - Error during parsing: "mil" is allowed here and protected at ` + filepath.Join(root, "mil.txt") + `:1; expected it on one list only`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCorefile(t, root, tt.corefile)
			require.EqualError(t, err, tt.want)
		})
	}
}

// TestParseLocalSinkhole: an SMTP listener on the mail server's own host is fine if only that host asks.
func TestParseLocalSinkhole(t *testing.T) {
	for _, clients := range []string{"127.0.0.0/8 ::1", "127.0.0.1"} {
		_, err := parseCorefile(t, "", "typoguard {\nprotect mil\nclients "+clients+"\naction sinkhole 127.0.0.1 ::1\n}")
		require.NoError(t, err)
	}
}

// manyPrefixes returns a file with so many names of hosts.
func manyPrefixes(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "post%d\n", i)
	}
	return text.String()
}
