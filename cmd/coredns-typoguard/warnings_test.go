package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWarnings: what a Corefile allows, but what is probably not meant, is said by check, and with -strict is an error.
func TestWarnings(t *testing.T) {
	const bound = "bind 127.0.0.1\nforward . 192.0.2.53\n"
	const tld = `policy "default": protect com hides every domain under `
	tests := []struct {
		name, corefile string
		want           []string // how the warnings begin
	}{
		{"nothing", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}", nil},
		{"no source of answers", ".:53 {\nbind 127.0.0.1\ncache\nerrors\ntypoguard {\nprotect army.mil\n}\n}",
			[]string{"server block dns://.:53 has no forward or other source of answers: it resolves nothing"}},
		{"a template is one", ".:53 {\nbind 127.0.0.1\ntemplate IN MX .\ntypoguard {\nprotect army.mil\n}\n}", nil},
		{"open to everybody", ".:53 {\nforward . 192.0.2.53\ntypoguard {\nprotect army.mil\n}\n}",
			[]string{"server block dns://.:53 listens on addresses other than loopback without acl: it resolves for everybody who reaches it"}},
		{"open to some", ".:53 {\nacl {\nallow net 192.0.2.0/24\nblock\n}\nforward . 192.0.2.53\ntypoguard {\nprotect army.mil\n}\n}", nil},
		{"a block of other names only", "corp.example:53 10.in-addr.arpa:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}",
			[]string{"server block dns://corp.example.:53 serves no name that its policies hide; queries for lookalikes go to other server blocks"}},
		{"a block of what is protected", "us.army.mil:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}",
			[]string{"server block dns://us.army.mil.:53 serves no name that its policies hide"}},
		{"a block of names beside what is protected", "corp.example:53 {\n" + bound + "typoguard {\nprotect mail.corp.example\n}\n}",
			[]string{`policy "default": protect mail.corp.example also hides hosts of the same domain that are near, such as mail1.corp.example; if nobody else has hosts there, allow or protect corp.example`}},
		{"a block of lookalikes", "ml:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}", nil},
		{"a narrower block", ".:53 {\n" + bound + "typoguard {\nprotect mil\nrequire counterpart\n}\n}\nml:53 {\n" + bound + "}",
			[]string{"server block dns://ml.:53 takes names away from dns://.:53, whose policies hide lookalikes there: they are not hidden"}},
		{"a narrower block above lookalikes", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}\nml:53 {\n" + bound + "}",
			[]string{"server block dns://ml.:53 takes names away from dns://.:53"}},
		{"a narrower block above what is protected", ".:53 {\n" + bound + "typoguard {\nprotect army.nl\n}\n}\nnl:53 {\n" + bound + "}",
			[]string{"server block dns://nl.:53 takes names away from dns://.:53"}},
		{"a narrower block within what is protected", ".:53 {\n" + bound + "typoguard {\nprotect hotmail.com\n}\n}\nmail.com:53 {\n" + bound + "}",
			[]string{"server block dns://mail.com.:53 takes names away from dns://.:53"}},
		{"a narrower block with another policy", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}\nml:53 {\n" + bound + "typoguard {\nprotect shop.ml\n}\n}",
			[]string{"server block dns://ml.:53 takes names away from dns://.:53"}},
		{"a narrower block with a policy that is as good", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}\nml:53 {\n" + bound + "typoguard {\nprotect army.mil shop.ml\n}\n}", nil},
		{"a narrower block with the policy", ".:53 ml:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}", nil},
		{"a narrower block on another port", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}\nml:54 {\n" + bound + "}", nil},
		{"a narrower block of other names", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}\ncorp.example:53 {\n" + bound + "}", nil},
		{"a narrower block of what is protected", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\n}\n}\nus.army.mil:53 {\n" + bound + "}", nil},
		{"another policy's allow", ".:53 {\n" + bound + "typoguard a {\nprotect army.mil\n}\ntypoguard b {\nprotect navy.nl\nallow army.ml x.army.mi\n}\n}",
			[]string{`policy "b": allow army.ml, x.army.mi un-hides what policy "a" hides as a lookalike of army.mil`}},
		{"another policy's protect", ".:53 {\n" + bound + "typoguard a {\nprotect army.mil\n}\ntypoguard b {\nprotect army.ml\npopular block\n}\n}",
			[]string{`policy "b": protect army.ml un-hides what policy "a" hides as a lookalike of army.mil`,
				`policy "a": protect army.mil un-hides what policy "b" hides as a lookalike of army.ml`}},
		{"its own allow", ".:53 {\n" + bound + "typoguard a {\nprotect army.mil\nallow army.ml\n}\ntypoguard b {\nprotect navy.nl\nallow army.ml\n}\n}", nil},
		{"what is only monitored", ".:53 {\n" + bound + "typoguard a {\nprotect army.mil\nmode monitor\n}\ntypoguard b {\nprotect navy.nl\nallow army.ml\n}\n}", nil},
		{"a top-level domain", ".:53 {\n" + bound + "typoguard {\nprotect com\n}\n}",
			[]string{tld + "bom, cam, cm, co, mom, om; allow those that are legitimate, or use require counterpart"}},
		{"a list zone", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nlookalike_zone list.corp.example\n}\n}", nil},
		{"a server block only for the list", "list.corp.example:53 {\nbind 127.0.0.1\ntypoguard {\nprotect army.mil\nlookalike_zone list.corp.example\n}\n}", nil},
		{"a list zone that resolvers answer themselves", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nlookalike_zone list.corp.invalid\n}\n}",
			[]string{"lookalike_zone list.corp.invalid. lies under invalid, which resolvers answer themselves: mail servers that ask by one of them find nothing on the list"}},
		{"a list zone elsewhere", "corp.example:53 {\n" + bound + "typoguard {\nprotect army.mil\nlookalike_zone list.example\n}\n}",
			[]string{"server block dns://corp.example.:53 serves no name that its policies hide",
				"lookalike_zone list.example. does not lie in server block dns://corp.example.:53, which never gets queries for it"}},
		{"a list zone taken away", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nlookalike_zone list.corp.example\n}\n}\ncorp.example:53 {\n" + bound + "}",
			[]string{"server block dns://corp.example.:53 takes the zone list.corp.example. away from dns://.:53, which has it"}},
		{"clients narrower than forwarders name", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nclients 192.0.2.25 198.51.100.0/24 2001:db8::/64\nclient_subnet_from 203.0.113.53\n}\n}",
			[]string{`policy "default": clients 192.0.2.25/32, 2001:db8::/64 is narrower than the /24 or /56 that forwarders name (client_subnet_from): what comes through one is not covered`}},
		{"clients that need no forwarder", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nclients 127.0.0.1 192.0.2.25 192.0.2.0/24 203.0.113.53 2001:db8::/56\nclient_subnet_from 203.0.113.53\n}\n}", nil},
		{"narrow clients without forwarders", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nclients 192.0.2.25\n}\n}", nil},
		{"denied suffixes without effect", ".:53 {\n" + bound + "typoguard a {\nprotect ing.com\ndeny bing.com evil.example army.ml\n}\ntypoguard b {\nprotect army.mil\n}\n}",
			[]string{`policy "a": deny evil.example, army.ml looks like no protected suffix of the policy, and hides nothing`}},
		{"denied suffixes of lookalikes", ".:53 {\n" + bound + "typoguard {\nprotect ing.com mail.corp.nl army.mil hotmail.com\nmode monitor\ndeny mail.com bing.com www.xing.com crp.nl corp.nl ml co.uk hg.mil\nprotect hq.mil\n}\n}", nil},
		{"a denied suffix below one that is allowed", ".:53 {\n" + bound + "typoguard {\nprotect army.mil\nallow army.ml\ndeny bad.army.ml\n}\n}", nil},
		{"a denied suffix that has no counterpart", ".:53 {\n" + bound + "typoguard {\nprotect mil\nrequire counterpart\ndeny orange.ml\n}\n}", nil},
		{"hosts of a domain", ".:53 {\n" + bound + "typoguard {\nprotect nl.partner.com mail1.corp.nl mail2.corp.nl army.mil\n}\n}",
			[]string{`policy "default": protect nl.partner.com, mail1.corp.nl, mail2.corp.nl also hides hosts of the same domain that are near, such as nl1.partner.com; ` +
				`if nobody else has hosts there, allow or protect partner.com, corp.nl`}},
		{"hosts of a domain that is listed", ".:53 {\n" + bound + "typoguard a {\nprotect nl.partner.com mail1.corp.nl\nallow corp.nl\n}\ntypoguard b {\nprotect partner.com\n}\n}", nil},
		{"hosts of a domain, of which none is hidden", ".:53 {\n" + bound + "typoguard {\nprotect nl.partner.com\nkinds homoglyph\n}\n}", nil},
		{"lists of the plugin", ".:53 {\n" + bound + "typoguard {\nprotect builtin:us-military builtin:us-federal builtin:freemail\n}\n}", nil},
		{"a top-level domain whose neighbours are allowed", ".:53 {\n" + bound + "typoguard {\nprotect com\nallow bom cam cm co mom om\n}\n}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			useBinary(t)
			require.NoError(t, os.WriteFile("Corefile", []byte(tt.corefile), 0o600))
			var out, errs bytes.Buffer
			assert.Zero(t, runCommand([]string{"coredns-typoguard", "check", "example.org"}, strings.NewReader(""), &out, &errs))
			text := known.ReplaceAllString(errs.String(), "")
			lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			if len(tt.want) == 0 {
				assert.Empty(t, text)
				return
			}
			require.Len(t, lines, len(tt.want), "%q", lines)
			for i, line := range lines {
				assert.True(t, strings.HasPrefix(line, "coredns-typoguard check: warning: "+tt.want[i]), line)
			}
			assert.Equal(t, 2, runCommand([]string{"coredns-typoguard", "check", "-strict", "example.org"}, strings.NewReader(""), &out, &errs))
		})
	}
}

// TestKnownHidden: check says which known domains each policy hides, which is no reason for -strict to fail.
func TestKnownHidden(t *testing.T) {
	useBinary(t)
	corefile := ".:53 {\nbind 127.0.0.1\nforward . 192.0.2.53\ntypoguard bank {\nprotect ing.com\npopular block\n}\ntypoguard army {\nprotect army.mil\n}\n}"
	require.NoError(t, os.WriteFile("Corefile", []byte(corefile), 0o600))
	var out, errs bytes.Buffer
	assert.Zero(t, runCommand([]string{"coredns-typoguard", "check", "-strict", "example.org"}, strings.NewReader(""), &out, &errs))
	assert.Regexp(t, `^coredns-typoguard check: policy "bank": known domains hidden: \d+: bing.com \(rank \d+, looks like ing.com\), .* more; see coredns-typoguard advise\n$`, errs.String())
}
