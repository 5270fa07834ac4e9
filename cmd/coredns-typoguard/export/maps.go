package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/rows"
)

// words is what the sender is told. There is no event, and so no id.
func words(name string, l *event.Lookalike) string {
	if !strings.Contains(name, ".") {
		return fmt.Sprintf("domains under .%s look like mistyped ones under .%s - did you mean .%s?", name, l.Intended, l.Intended)
	}
	return fmt.Sprintf("%s looks like a mistyped %s - did you mean %s?", name, l.Intended, l.Intended)
}

// writePostfix writes a map for check_recipient_access (access(5)). A domain also matches the names below it, unless
// parent_domain_matches_subdomains lacks smtpd_access_maps: then the line with the leading dot does.
func writePostfix(w io.Writer, rows []rows.Likely, policies string) ([]string, error) {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `# Lookalikes of typoguard, of policy %s, for Postfix.
# postmap hash:/etc/postfix/typoguard, and in main.cf, before permit_mynetworks and permit_sasl_authenticated:
# smtpd_recipient_restrictions = check_recipient_access hash:/etc/postfix/typoguard, permit_mynetworks, ...
`, policies)
	onlyBelow := 0
	for _, row := range rows {
		verdict := "DUNNO"
		if !row.Passes {
			verdict = "550 5.1.2 " + words(row.Name, &row.Lookalike)
		}
		if row.OnlyBelow {
			onlyBelow++
		} else {
			fmt.Fprintf(b, "%s\t%s\n", row.Name, verdict)
		}
		fmt.Fprintf(b, ".%s\t%s\n", row.Name, verdict)
	}
	var limits []string
	if onlyBelow > 0 {
		limits = append(limits, fmt.Sprintf(
			"%d popular domains pass, and names below them, too, unless parent_domain_matches_subdomains lacks smtpd_access_maps", onlyBelow))
	}
	return limits, b.Flush()
}

// passes is what an exception has in the place of a text for the sender.
const passes = "pass"

// writeExim writes a file for a partial lookup, in which *.army.ml matches all names below army.ml.
func writeExim(w io.Writer, rows []rows.Likely, policies string) ([]string, error) {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `# Lookalikes of typoguard, of policy %s, for Exim. In the ACL of acl_smtp_rcpt, before anything that accepts:
# deny domains = partial1-lsearch;/etc/exim4/typoguard
#      ! condition = ${if eq{$domain_data}{pass}}
#      message = 550 5.1.2 <$local_part@$domain>: $domain_data
# For more than some thousand lines, exim_dbmbuild the file, and write dbm in the place of lsearch.
`, policies)
	for _, row := range rows {
		below, own := passes, passes
		if !row.Passes {
			below = words(row.Name, &row.Lookalike)
		}
		if !row.OnlyBelow {
			own = below
		}
		fmt.Fprintf(b, "%s: %s\n*.%s: %s\n", row.Name, own, row.Name, below)
	}
	return nil, b.Flush()
}
