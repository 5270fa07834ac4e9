#!/bin/bash
# Writes what BIND, Unbound and this project's CoreDNS log of a few queries into the directory. Arguments: the binary of
# coredns-typoguard, fstrm_capture (Debian's fstrm-bin), and the directory.
set -eu
binary=$1 capture=$2 out=$3
dir=$(mktemp -d /tmp/typoguard-samples.XXXXXX)
chmod 755 "$dir"
pids=()
cleanup() { kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$dir"; }
trap cleanup EXIT

ask() { # port, then the questions
	for try in $(seq 50); do
		dig +time=1 +tries=1 -p "$1" @127.0.0.1 version.bind CH TXT >/dev/null && break
	done
	for question in "army.ml MX" "Us.ARMY.ml MX" "army.mil MX" "example.org A" "gov.ml AAAA" "army.nk TXT" "xn--rmy-5cd.mil MX" "army.ml A"; do
		# shellcheck disable=SC2086
		dig +time=1 +tries=1 -p "$1" @127.0.0.1 $question >/dev/null
	done
	dig +tcp +time=1 +tries=1 -p "$1" @127.0.0.1 navy.ml MX >/dev/null
}

mkdir "$dir/named"
chmod 777 "$dir/named"
cat >"$dir/named.conf" <<END
options { directory "$dir/named"; pid-file none; session-keyfile none; listen-on port 5411 { 127.0.0.1; }; listen-on-v6 { none; };
	recursion no; dnssec-validation no; };
controls { };
logging {
	channel plain { file "queries"; print-time yes; };
	channel full { file "queries-full"; print-time yes; print-category yes; print-severity yes; };
	channel iso { file "queries-iso"; print-time iso8601-utc; };
	channel bare { file "queries-bare"; };
	category queries { plain; full; iso; bare; };
	category default { null; };
};
view internal { match-clients { any; }; zone "." { type primary; file "root"; }; };
END
printf '$TTL 60\n@ SOA ns. nobody. 1 60 60 60 60\n@ NS ns.\nns. A 127.0.0.1\n* A 127.0.0.1\n' >"$dir/named/root"
named -f -n 1 -c "$dir/named.conf" >"$dir/named.out" 2>&1 & pids+=($!)
ask 5411
cp "$dir/named/queries" "$out/bind.log"
cp "$dir/named/queries-full" "$out/bind-full.log"
cp "$dir/named/queries-iso" "$out/bind-iso.log"
cp "$dir/named/queries-bare" "$out/bind-bare.log"

for variant in "" "ascii" "iso" "replies" "tag"; do
	port=$((5420 + ${#variant}))
	more=
	case $variant in
	ascii) more="log-time-ascii: yes" ;;
	iso) more="log-time-ascii: yes
	log-time-iso: yes" ;;
	replies) more="log-replies: yes" ;;
	tag) more="log-replies: yes
	log-tag-queryreply: yes" ;;
	esac
	[ "$variant" != iso ] || unbound -V | head -1 | grep -Eq ' 1\.(2[0-9]|[3-9][0-9])' || continue
	cat >"$dir/unbound.conf" <<END
server:
	interface: 127.0.0.1@$port
	directory: "$dir"
	chroot: ""
	username: ""
	pidfile: ""
	use-syslog: no
	logfile: "$dir/unbound-$variant"
	log-queries: yes
	$more
	do-ip6: no
	local-zone: "." static
remote-control:
	control-enable: no
END
	unbound -d -c "$dir/unbound.conf" & pids+=($!)
	ask "$port"
	cp "$dir/unbound-$variant" "$out/unbound${variant:+-$variant}.log"
done

mkdir "$dir/tap"
"$capture" -t protobuf:dnstap.Dnstap -u "$dir/tap/sock" -w "$dir/tap/file" 2>"$dir/tap/err" & tap=$!
pids+=($tap)
until [ -S "$dir/tap/sock" ]; do :; done
for variant in text json readme; do
	log='log'
	[ "$variant" != readme ] || log='log . "{remote} {name} {type} {rcode} {/typoguard/verdict} {/typoguard/intended} {/typoguard/action}"'
	tapping=
	[ "$variant" != text ] || tapping="dnstap unix://$dir/tap/sock full"
	cat >"$dir/Corefile" <<END
.:543${#variant} {
	bind 127.0.0.1
	metadata
	$log
	$tapping
	typoguard mil {
		protect mil
		allow gov.ml
	}
	template IN ANY . {
		answer "{{ .Name }} 60 IN A 192.0.2.1"
	}
}
END
	format=text
	[ "$variant" != json ] || format=json
	"$binary" -conf "$dir/Corefile" -log-format $format >"$dir/coredns-$variant" 2>&1 & core=$!
	pids+=($core)
	ask "543${#variant}"
	[ -z "$tapping" ] || sleep 2 # CoreDNS's dnstap sends once a second
	kill $core
	wait $core || true
	cp "$dir/coredns-$variant" "$out/coredns-$variant.log"
done
kill $tap
wait $tap || true
cp "$dir/tap/file" "$out/coredns.dnstap"
