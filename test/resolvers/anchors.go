package resolvers

import (
	"fmt"
	"strings"
)

// each returns a line for every negative trust anchor.
func (a Anchors) each(format string) string {
	var b strings.Builder
	for _, name := range a.Negative {
		fmt.Fprintf(&b, format+"\n", name)
	}
	return b.String()
}

// rdata returns the anchor of the root as it stands in a zone file, without the owner.
func (a Anchors) rdata() string {
	return fmt.Sprintf("%d %d %d %s", a.Root.KeyTag, a.Root.Algorithm, a.Root.DigestType, strings.ToUpper(a.Root.Digest))
}

func unboundVariables(f Forwarder, a Anchors) map[string]string {
	if !f.Validates {
		return map[string]string{"validation": `module-config: "iterator"`}
	}
	return map[string]string{"validation": fmt.Sprintf("module-config: \"validator iterator\"\ntrust-anchor: \". IN DS %s\"\n%s",
		a.rdata(), a.each(`domain-insecure: "%s"`))}
}

func bindVariables(f Forwarder, a Anchors) map[string]string {
	if !f.Validates {
		return map[string]string{"options": "dnssec-validation no;"}
	}
	options := "dnssec-validation yes;\n"
	if len(a.Negative) > 0 {
		options += "validate-except {\n" + a.each(`"%s";`) + "};\n"
	}
	return map[string]string{"options": options, "anchor": fmt.Sprintf("trust-anchors { . static-ds %d %d %d %q; };",
		a.Root.KeyTag, a.Root.Algorithm, a.Root.DigestType, a.Root.Digest)}
}

// powerDNSVariables returns those for settings. With any but dnssec=off it validates for clients that ask for that, so it needs the root's
// anchor.
func powerDNSVariables(dnssec, more string) func(Forwarder, Anchors) map[string]string {
	return func(_ Forwarder, a Anchors) map[string]string {
		variables := map[string]string{"settings": "dnssec=" + dnssec + "\n" + more}
		if dnssec != "off" {
			variables["anchors"] = fmt.Sprintf("clearTA(\".\")\naddTA(\".\", %q)\n%s", a.rdata(), a.each(`addNTA("%s")`))
		}
		return variables
	}
}

func knotVariables(forward string) func(Forwarder, Anchors) map[string]string {
	return func(f Forwarder, a Anchors) map[string]string {
		variables := map[string]string{"forward": forward}
		if f.Validates {
			variables["anchors"] = fmt.Sprintf("trust_anchors.add('. 0 IN DS %s')\ntrust_anchors.set_insecure({\n%s})", a.rdata(), a.each("'%s.',"))
		}
		return variables
	}
}

func dnsmasqVariables(f Forwarder, a Anchors) map[string]string {
	if !f.Validates {
		return map[string]string{}
	}
	return map[string]string{"validation": "dnssec\ntrust-anchor=.," + strings.ReplaceAll(a.rdata(), " ", ",")}
}

func resolvedVariables(f Forwarder, a Anchors) map[string]string {
	dnssec := "no"
	if f.Validates {
		dnssec = "yes"
	}
	return map[string]string{"dnssec": dnssec, "anchor": ". IN DS " + a.rdata(), "negative": a.each("%s")}
}
