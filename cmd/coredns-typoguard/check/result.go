package check

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard"
)

// result is the result for one name.
type result struct {
	given        string // the name or address as given
	name         string // lower-case, without the final dot
	judgement    typoguard.Judgement
	server, view string // of the server block, if it is ambiguous
	line         typoguard.Line
}

// lineOf returns the list file's line for the deciding suffix.
func lineOf(block *typoguard.Block, r *result) typoguard.Line {
	suffix := r.judgement.Listed
	if c := r.candidate(); c != nil {
		suffix = c.Protected
	}
	line, _ := block.Line(suffix)
	return line
}

// until returns when the line expires, or "".
func (r *result) until() string {
	if r.line.Until.IsZero() {
		return ""
	}
	return r.line.Until.UTC().Format(time.RFC3339)
}

// printLine prints a result for people and for grep. It omits fields without a value.
func printLine(w io.Writer, r *result) error {
	var line strings.Builder
	j := &r.judgement
	outcome := "passed"
	if j.Reason == typoguard.Blocked {
		outcome = "blocked"
	}
	fmt.Fprintf(&line, "%s: %s", r.name, outcome)
	field := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&line, " %s=%s", key, value)
		}
	}
	field("verdict", j.Verdict)
	field("reason", string(j.Reason))
	field("listed", j.Listed)
	if c := r.candidate(); c != nil {
		field("intended", c.Intended)
		field("protected", c.Protected)
		field("distance", fmt.Sprint(c.Distance))
		field("kind", c.Kind.String())
		field("policy", c.Policy.Name)
		field("action", c.Policy.Action)
		field("mode", c.Policy.Mode)
		field("clients", joined(c.Policy.Clients))
	}
	field("counterpart", j.Counterpart)
	field("until", r.until())
	if r.line.Note != "" {
		field("note", strconv.Quote(r.line.Note))
	}
	field("server", r.server)
	field("view", r.view)
	_, err := fmt.Fprintln(w, line.String())
	return err
}

// candidate returns the deciding suffix, or the nearest one if no matching policy applies to the client.
func (r *result) candidate() *typoguard.Candidate {
	j := &r.judgement
	if j.Decisive == nil && len(j.Candidates) > 0 {
		return &j.Candidates[0]
	}
	return j.Decisive
}

func joined(networks []netip.Prefix) string {
	all := make([]string, len(networks))
	for i, network := range networks {
		all[i] = network.String()
	}
	return strings.Join(all, ",")
}

// object is a result in JSON.
type object struct {
	Name    string `json:"name"`
	Input   string `json:"input"`
	Blocked bool   `json:"blocked"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	Allowed string `json:"allowed,omitempty"` // the suffix, if the verdict is "allowed"
	near
	Counterpart string `json:"counterpart,omitempty"`
	Until       string `json:"until,omitempty"`
	Note        string `json:"note,omitempty"`
	Server      string `json:"server,omitempty"`
	View        string `json:"view,omitempty"`
	Candidates  []near `json:"candidates,omitempty"`
}

// near is a protected suffix that a name equals or looks like.
type near struct {
	Protected string         `json:"protected,omitempty"`
	Intended  string         `json:"intended,omitempty"`
	Distance  *int           `json:"distance,omitempty"` // 0 for a homoglyph
	Kind      string         `json:"kind,omitempty"`
	Policy    string         `json:"policy,omitempty"`
	Action    string         `json:"action,omitempty"`
	Mode      string         `json:"mode,omitempty"`
	Clients   []netip.Prefix `json:"clients,omitempty"`
}

func nearOf(c *typoguard.Candidate) near {
	return near{
		Protected: c.Protected, Intended: c.Intended, Distance: &c.Distance, Kind: c.Kind.String(),
		Policy: c.Policy.Name, Action: c.Policy.Action, Mode: c.Policy.Mode, Clients: c.Policy.Clients,
	}
}

// printJSON prints a result as one JSON object.
func printJSON(w io.Writer, r *result) error {
	j := &r.judgement
	o := object{
		Name: r.name, Input: r.given, Blocked: j.Reason == typoguard.Blocked, Verdict: j.Verdict, Reason: string(j.Reason),
		Server: r.server, View: r.view, Counterpart: j.Counterpart, Until: r.until(), Note: r.line.Note,
	}
	switch j.Verdict {
	case "protected":
		o.Protected = j.Listed
	case "allowed":
		o.Allowed = j.Listed
	}
	if c := r.candidate(); c != nil {
		o.near = nearOf(c)
	}
	for i := range j.Candidates {
		o.Candidates = append(o.Candidates, nearOf(&j.Candidates[i]))
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(o)
}
