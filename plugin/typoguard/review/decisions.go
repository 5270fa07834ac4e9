package review

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// The types of API answers about decisions and changes.
type (
	apiDecision struct {
		Policy    string        `json:"policy"`
		Lookalike string        `json:"lookalike"`
		Network   string        `json:"network"`
		State     history.State `json:"state"`
		Note      string        `json:"note"`
		Decider   string        `json:"decider"`
		Decided   string        `json:"decided"`
		Until     string        `json:"until"`
		Counted   int64         `json:"counted"`
	}
	apiDecisions struct {
		Decisions []apiDecision `json:"decisions"`
	}
	apiChange struct {
		Number int64           `json:"number"`
		At     string          `json:"at"`
		Who    string          `json:"who"`
		What   string          `json:"what"`
		Policy string          `json:"policy"`
		Name   string          `json:"name"`
		Event  string          `json:"event"`
		Before json.RawMessage `json:"before"`
		After  json.RawMessage `json:"after"`
	}
	apiJournal struct {
		Changes []apiChange `json:"changes"`
	}
)

// decisionRequest is a decision as the API submits it.
type decisionRequest struct {
	Policy    string        `json:"policy"`
	Lookalike string        `json:"lookalike"`
	Network   string        `json:"network"`
	State     history.State `json:"state"`
	Note      string        `json:"note"`
	Until     string        `json:"until"`
}

// apiDecide stores a decision.
func (s *site) apiDecide(ctx context.Context, r *http.Request) (*answer, error) {
	var given decisionRequest
	if err := fromJSON(r, &given, `{"policy":"mil","lookalike":"us.army.ml","state":"confirmed"}`); err != nil {
		return nil, err
	}
	review, wrong := s.newReview(r, reviewRequest{State: given.State, Note: given.Note, Lasts: true, Network: given.Network, Until: given.Until})
	if wrong != nil {
		return nil, wrong
	}
	changed, err := s.store.Decide(ctx, history.Decision{
		Policy: given.Policy, Lookalike: strings.ToLower(given.Lookalike), Network: review.Network,
		State: review.State, Note: review.Note, Decider: review.Reviewer, Until: review.Until,
	})
	if err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiReviewed{changed})
}

// apiDecisions lists decisions.
func (s *site) apiDecisions(ctx context.Context, r *http.Request) (*answer, error) {
	values := r.URL.Query()
	if err := only(values, "policy", "lookalike"); err != nil {
		return nil, err
	}
	found, err := s.store.Decisions(ctx, values.Get("policy"), strings.ToLower(values.Get("lookalike")))
	if err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiDecisions{decisionsToAPI(found)})
}

func decisionsToAPI(decisions []history.Decision) []apiDecision {
	all := []apiDecision{}
	for _, d := range decisions {
		network := ""
		if d.Network.IsValid() {
			network = d.Network.String()
		}
		all = append(all, apiDecision{d.Policy, d.Lookalike, network, d.State, d.Note, d.Decider, event.FormatTime(d.Decided), timeOrNone(d.Until), d.Counted})
	}
	return all
}

// timeOrNone formats a time as in events; "" if it is zero.
func timeOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return event.FormatTime(t)
}

// journalLimit is how many changes are listed by default.
const journalLimit = 100

// apiJournal lists changes, the latest first.
func (s *site) apiJournal(ctx context.Context, r *http.Request) (*answer, error) {
	values := r.URL.Query()
	if err := only(values, "below", "limit"); err != nil {
		return nil, err
	}
	below, limit := int64(0), int64(journalLimit)
	for name, into := range map[string]*int64{"below": &below, "limit": &limit} {
		if !values.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(values.Get(name), 10, 64)
		if err != nil || n < 1 || (name == "limit" && n > maxLimit) {
			return nil, &problem{http.StatusBadRequest, "Expected a positive number as " + name + ", and at most 1,000 as limit."}
		}
		*into = n
	}
	found, err := s.store.Journal(ctx, below, int(limit))
	if err != nil {
		return nil, err
	}
	a := apiJournal{[]apiChange{}}
	for _, c := range found {
		a.Changes = append(a.Changes, apiChange{c.Number, event.FormatTime(c.At), c.Who, c.What, c.Policy, c.Name, c.Event, rawJSON(c.Before), rawJSON(c.After)})
	}
	return toJSON(http.StatusOK, a)
}

// rawJSON returns JSON as the journal has it; null for "".
func rawJSON(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// only returns a problem for a parameter that is not one of some names.
func only(values url.Values, names ...string) error {
	for name := range values {
		if !slices.Contains(names, name) {
			return &problem{http.StatusBadRequest, "Unknown parameter " + strconv.Quote(name) + "; expected one of " + strings.Join(names, ", ") + "."}
		}
	}
	return nil
}

// parseNetwork reads a network of clients, or one client; "" for all.
func parseNetwork(text string) (netip.Prefix, *problem) {
	text = strings.TrimSpace(text)
	if text == "" {
		return netip.Prefix{}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return network, &problem{http.StatusUnprocessableEntity, "The network is none; expected an address or a network such as 192.0.2.0/24 or 2001:db8::/48."}
	}
	return network.Masked(), nil
}

// parseEnd reads when something ends: the end of a day in UTC, or a time in the future; "" for never.
func parseEnd(text string, now time.Time) (time.Time, *problem) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	end, err := time.Parse(time.DateOnly, text)
	if err == nil {
		end = end.AddDate(0, 0, 1)
	} else {
		end, err = time.Parse(time.RFC3339, text)
	}
	if err != nil || !end.After(now) {
		return end, &problem{http.StatusUnprocessableEntity, "The end is no day or time in the future; expected one such as 2026-12-31 or 2026-12-31T18:00:00Z."}
	}
	return end.UTC().Truncate(time.Second), nil
}

// InForce reports whether a decision has not ended.
func (d *detail) InForce(decision history.Decision) bool { return decision.InForce(time.Now()) }
