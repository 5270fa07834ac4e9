package review

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/event"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

//go:embed templates
var templateFiles embed.FS

// templates are the templates of all pages, by name.
var templates = sync.OnceValue(func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range []string{"overview", "list", "detail", "problem"} {
		all[name] = template.Must(template.New(name).Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html"))
	}
	return all
})

// functions are the functions for templates.
var functions = template.FuncMap{
	"unicode": inUnicode,
	"escape":  escape,
	"lines":   escapeLines,
	"show":    show,
	"link":    link,
	"number":  func(n any) string { return number(toInt(n)) },
	"plural":  func(n any, one, many string) string { return plural(toInt(n), one, many) },
	"time":    timeTag,
	"minute":  minuteTag,
	"state":   stateWords,
	"kind":    kindWords,
	"change":  changeWords,
	"label":   labelWords,
	"mark":    mark,
	"since":   func(span history.Span) string { return spanWords[span] },
}

// choice is one of several values of a control, or one of several views.
type choice struct {
	Text, URL string
	Chosen    bool
}

// view is the data of every page.
type view struct {
	Title, Active string
	Version       string
	Style, Script string // addresses
	Chart, Icon   string
	Page          any // the data of this page
	names         *clientNames
}

// ClientName returns the name of a client with an address; "" if it has none.
func (v view) ClientName(address string) string { return v.names.of(address) }

// render returns a page from the template with a name. Active is the path of its menu entry.
func (s *site) render(status int, name, title, active string, page any) (*answer, error) {
	s.names.refresh()
	v := view{
		Title: title, Active: active, Version: s.version, Page: page, names: s.names,
		Style: s.assets.URL("page.css"), Script: s.assets.URL("page.js"), Chart: s.assets.URL("uplot/uPlot.min.css"), Icon: s.assets.URL("icon.svg"),
	}
	var body bytes.Buffer
	if err := templates()[name].ExecuteTemplate(&body, "layout", v); err != nil {
		return nil, fmt.Errorf("%w %s: %w", errRender, name, err)
	}
	return &answer{status: status, contentType: "text/html; charset=utf-8", body: body.Bytes()}, nil
}

// problemPage returns the page about a problem.
func (s *site) problemPage(p *problem) (*answer, error) {
	return s.render(p.status, "problem", http.StatusText(p.status), "", p)
}

// toInt converts a number of any type that pages use.
func toInt(n any) int64 {
	switch n := n.(type) {
	case int64:
		return n
	case int:
		return int64(n)
	}
	panic(fmt.Sprintf("%T is no number", n))
}

// number formats a number with thousands separators.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// plural formats a number of things.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// timeTag formats a time in UTC, for people and for programs.
func timeTag(t time.Time) template.HTML {
	if t.IsZero() {
		return "never"
	}
	t = t.UTC()
	return template.HTML(t.Format(`<time datetime="` + time.RFC3339 + `"><span>2006-01-02</span> <span>15:04:05</span></time>`)) //nolint:gosec // digits
}

// minuteTag is a shorter timeTag.
func minuteTag(t time.Time) template.HTML {
	return template.HTML(t.UTC().Format(`<time datetime="` + time.RFC3339 + `">02 Jan 15:04</time>`)) //nolint:gosec // digits
}

// stateWords returns the display name of a state.
func stateWords(state history.State) string {
	switch state {
	case history.StateConfirmed:
		return "confirmed typo"
	case history.StateFalsePositive:
		return "false positive"
	}
	return "open"
}

// changeWords returns the display name of what happened to a neighbour that is watched.
func changeWords(action string) string {
	switch action {
	case event.Registered:
		return "registered"
	case event.TakesMail:
		return "takes mail"
	}
	return "moved its mail"
}

// kindWords explains a kind; "" for an unknown one.
func kindWords(kind string) string {
	switch kind {
	case "omission":
		return "a character is missing"
	case "addition":
		return "an extra character"
	case "substitution":
		return "a different character"
	case "adjacent":
		return "the character of an adjacent key"
	case "transposition":
		return "two adjacent characters swapped"
	case "moved":
		return "a character two or more places away"
	case "transliteration":
		return "letters written as others, such as ae for ä"
	case "doubled":
		return "the public suffix, or the label before it, repeated"
	case "appended":
		return "a public suffix behind the protected domain"
	case "boundary":
		return "the dot before the protected domain is missing"
	case "tld":
		return "the same domain under another public suffix"
	case "suffix":
		return "two edits, at least one in the public suffix"
	case "homoglyph":
		return "different characters that look the same"
	case "multiple":
		return "two edits"
	}
	return ""
}

// labelWords returns the display name of a policy or kind.
func labelWords(label string) string {
	if label == "" {
		return "other domains"
	}
	return strings.TrimSpace(escape(label))
}

// spanWords are the display names of spans.
var spanWords = map[history.Span]string{history.Day: "24 hours", history.Week: "7 days", history.Month: "30 days"}
