package review

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// maxOwner is how many characters the owner of an allowance may have, and maxReason its reason, which stand on one line.
const (
	maxOwner  = 100
	maxReason = 500
)

// allowForm is the form by which a suffix is allowed.
type allowForm struct {
	Suffix, Owner, Reason, Until string
	Problem                      string
}

// allowRequest is what the API and the form submit.
type allowRequest struct {
	Suffix string `json:"suffix"`
	Owner  string `json:"owner"`
	Reason string `json:"reason"`
	Until  string `json:"until"`
}

// The types of API answers about allowances.
type (
	apiAllowance struct {
		Policy    string `json:"policy"`
		Suffix    string `json:"suffix"`
		Owner     string `json:"owner"`
		Reason    string `json:"reason"`
		Until     string `json:"until"`
		Event     string `json:"event"`
		Lookalike string `json:"lookalike"`
		Granter   string `json:"granter"`
		Granted   string `json:"granted"`
	}
	apiAllowances struct {
		Allowed []apiAllowance `json:"allowed"`
	}
)

// allow stores an allowance from the form on an event's page, and redirects back there.
func (s *site) allow(ctx context.Context, r *http.Request) (*answer, error) {
	q, err := s.backQuery(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	given := allowRequest{r.PostForm.Get("suffix"), r.PostForm.Get("owner"), r.PostForm.Get("reason"), r.PostForm.Get("until")}
	d, err := s.store.Event(ctx, id)
	if err != nil {
		return nil, err
	}
	allowance, wrong := s.newAllowance(r, d, given)
	if wrong != nil {
		page, err := s.newDetail(ctx, r, d)
		if err != nil {
			return nil, err
		}
		if page.Place, err = s.place(ctx, q, id); err != nil {
			return nil, err
		}
		page.Allow.Form = allowForm{given.Suffix, given.Owner, given.Reason, given.Until, wrong.message}
		return s.render(wrong.status, "detail", "Event "+escape(d.ID), "/events", page)
	}
	if _, err := s.store.Allow(ctx, allowance); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusSeeOther, location: q.event(id) + "#allow"}, nil
}

// apiAllow stores an allowance.
func (s *site) apiAllow(ctx context.Context, r *http.Request) (*answer, error) {
	var given allowRequest
	if err := fromJSON(r, &given, `{"suffix":"army.ml","owner":"mail team","reason":"a partner","until":""}`); err != nil {
		return nil, err
	}
	d, err := s.store.Event(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	allowance, wrong := s.newAllowance(r, d, given)
	if wrong != nil {
		return nil, wrong
	}
	closed, err := s.store.Allow(ctx, allowance)
	if err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiReviewed{closed})
}

// newAllowance validates an allowance at an event.
func (s *site) newAllowance(r *http.Request, d *history.Detail, given allowRequest) (history.Allowance, *problem) {
	a := history.Allowance{
		Suffix: given.Suffix, Owner: strings.TrimSpace(given.Owner), Reason: strings.TrimSpace(given.Reason), Event: d.ID, Granter: s.reviewer(r),
	}
	if !slices.Contains(allowable(&d.Event.Event), a.Suffix) {
		return a, &problem{http.StatusUnprocessableEntity, "Choose one of the suffixes that this page suggests for the event."}
	}
	for _, text := range []struct {
		what, value string
		most        int
	}{{"owner", a.Owner, maxOwner}, {"reason", a.Reason, maxReason}} {
		switch {
		case text.value == "":
			return a, &problem{http.StatusUnprocessableEntity, "The " + text.what + " is missing."}
		case !utf8.ValidString(text.value) || strings.ContainsFunc(text.value, unicode.IsControl):
			return a, &problem{http.StatusUnprocessableEntity, "The " + text.what + " contains control characters or invalid UTF-8."}
		case utf8.RuneCountInString(text.value) > text.most:
			return a, &problem{http.StatusUnprocessableEntity, "The " + text.what + " is too long; expected at most " + number(int64(text.most)) + " characters."}
		}
	}
	var wrong *problem
	a.Until, wrong = parseEnd(given.Until, s.now())
	return a, wrong
}

// given returns the allowances of an event's policy by which its name passes.
func (s *site) given(ctx context.Context, e *event.Event) (given []*history.Allowance, err error) {
	name, ok := hostname(e.Name)
	if !ok || e.Policy == "" {
		return nil, nil
	}
	all, err := s.store.Allowances(ctx, e.Policy)
	for _, a := range all {
		if a.Suffix == name || strings.HasSuffix(name, "."+a.Suffix) {
			given = append(given, a)
		}
	}
	return given, err
}

// allowedPage is the page of all allowances.
type allowedPage struct {
	Policies []allowedPolicy
	Editor   bool
}

// allowedPolicy is the allowances of a policy.
type allowedPolicy struct {
	Name, List string // and the path of its list
	Allowed    []*history.Allowance
}

// Ended reports whether an allowance no longer applies.
func (p *allowedPage) Ended(a *history.Allowance) bool {
	return !a.Until.IsZero() && !time.Now().Before(a.Until)
}

// allowed shows all allowances.
func (s *site) allowed(ctx context.Context, r *http.Request) (*answer, error) {
	all, err := s.store.Allowances(ctx, "")
	if err != nil {
		return nil, err
	}
	page := &allowedPage{Editor: s.edits(r)}
	for _, a := range all {
		last := len(page.Policies) - 1
		if last < 0 || page.Policies[last].Name != a.Policy {
			page.Policies = append(page.Policies, allowedPolicy{Name: a.Policy, List: "/allowed/" + url.PathEscape(a.Policy)})
			last++
		}
		page.Policies[last].Allowed = append(page.Policies[last].Allowed, a)
	}
	return s.render(http.StatusOK, "allowed", "Allowed", "/allowed", page)
}

// revoke removes an allowance by the form on the page of all, and redirects back there.
func (s *site) revoke(ctx context.Context, r *http.Request) (*answer, error) {
	if err := r.ParseForm(); err != nil {
		return nil, errForm
	}
	if err := s.store.Revoke(ctx, r.PostForm.Get("policy"), r.PostForm.Get("suffix"), s.reviewer(r)); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusSeeOther, location: "/allowed"}, nil
}

// apiRevoke removes an allowance.
func (s *site) apiRevoke(ctx context.Context, r *http.Request) (*answer, error) {
	values := r.URL.Query()
	if err := only(values, "policy", "suffix"); err != nil {
		return nil, err
	}
	if err := s.store.Revoke(ctx, values.Get("policy"), values.Get("suffix"), s.reviewer(r)); err != nil {
		return nil, err
	}
	return toJSON(http.StatusOK, apiReviewed{1})
}

// apiAllowed lists allowances.
func (s *site) apiAllowed(ctx context.Context, r *http.Request) (*answer, error) {
	values := r.URL.Query()
	if err := only(values, "policy"); err != nil {
		return nil, err
	}
	all, err := s.store.Allowances(ctx, values.Get("policy"))
	if err != nil {
		return nil, err
	}
	a := apiAllowances{[]apiAllowance{}}
	for _, one := range all {
		a.Allowed = append(a.Allowed, apiAllowance{
			one.Policy, one.Suffix, one.Owner, one.Reason, timeOrNone(one.Until), one.Event, one.Lookalike, one.Granter, event.FormatTime(one.Granted),
		})
	}
	return toJSON(http.StatusOK, a)
}

// allowList serves the allowances of a policy as a list for allow_file.
func (s *site) allowList(ctx context.Context, r *http.Request) (*answer, error) {
	all, err := s.store.Allowances(ctx, r.PathValue("policy"))
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusOK, contentType: "text/plain; charset=utf-8", body: history.AllowList(all)}, nil
}

// plainProblem returns a problem as text, for programs that expect text.
func plainProblem(p *problem) (*answer, error) {
	return &answer{status: p.status, contentType: "text/plain; charset=utf-8", body: []byte(p.message + "\n")}, nil
}

// SiteNetwork returns the network of the event's client, to suggest in the form.
func (d *detail) SiteNetwork() string {
	a, err := netip.ParseAddr(d.Client)
	if err != nil {
		return "192.0.2.0/24"
	}
	bits := 48
	if a.Unmap().Is4() {
		bits = 24
	}
	return netip.PrefixFrom(a.Unmap().WithZone(""), bits).Masked().String()
}
