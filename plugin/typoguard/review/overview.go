package review

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

// palette is the number of colours of a chart; further series reuse them.
const palette = 8

// overview is the start page.
type overview struct {
	*history.Summary
	By     history.Dimension
	Totals []spanTotals
	Spans  []choice
	Bys    []choice
	Legend []series
	Bars   []bar
	Empty  bool // there are no events at all
	Open   *history.Backlog
	Queue  string // URL of the list of open events, oldest first
}

// spanTotals are totals with their links.
type spanTotals struct {
	history.Totals
	URL    string
	Chosen bool
	Counts []total
}

// total is one of the totals of a span.
type total struct {
	Text, Class, URL string
	history.Count
}

// series is one series of the chart, with its colour.
type series struct {
	history.Series
	Colour int
	Total  int64
	URL    string
}

// bar is one bar of the chart.
type bar struct {
	Time   time.Time
	URL    string
	Events []int64
	Total  int64
}

// overview shows a summary of a span.
func (s *site) overview(ctx context.Context, r *http.Request) (*answer, error) {
	span, by, err := viewOf(r)
	if err != nil {
		return nil, err
	}
	made, err := s.summaries.of(ctx, span, by)
	if err != nil {
		return nil, err
	}
	totals, summary := made.totals, made.summary
	page := &overview{Summary: summary, By: by, Legend: legend(summary, by), Bars: bars(summary), Empty: true, Open: made.backlog, Queue: queueURL}
	for _, t := range totals {
		page.Totals = append(page.Totals, newSpanTotals(t, span, by))
		page.Empty = page.Empty && t.Blocked.Events+t.Monitored.Events+t.Refused.Events == 0
	}
	for _, d := range []history.Dimension{history.ByPolicy, history.ByKind} {
		page.Bys = append(page.Bys, choice{string(d), overviewURL(span, d), d == by})
	}
	return s.render(http.StatusOK, "overview", "Overview", "/", page)
}

// viewOf reads the parameters of an overview.
func viewOf(r *http.Request) (history.Span, history.Dimension, error) {
	values := r.URL.Query()
	span, by := history.Day, history.ByPolicy
	if text := values.Get("span"); text != "" {
		if span = history.Span(text); !slices.Contains(history.Spans, span) {
			return "", "", badParameter("span", "24h, 7d or 30d")
		}
	}
	if text := values.Get("by"); text != "" {
		if by = history.Dimension(text); by != history.ByPolicy && by != history.ByKind {
			return "", "", badParameter("by", "policy or kind")
		}
	}
	return span, by, nil
}

func overviewURL(span history.Span, by history.Dimension) string {
	return "/?span=" + string(span) + "&by=" + string(by)
}

func newSpanTotals(t history.Totals, chosen history.Span, by history.Dimension) spanTotals {
	span := string(t.Span)
	return spanTotals{Totals: t, URL: overviewURL(t.Span, by), Chosen: t.Span == chosen, Counts: []total{
		{"blocked", "blocked", link("/events", "span", span, "done", doneBlocked), t.Blocked},
		{"monitored", "monitored", link("/events", "span", span, "done", doneMonitored), t.Monitored},
		{"refused by SMTP", "refused", link("/events", "span", span, "done", doneRefused), t.Refused},
	}}
}

// legend returns the series of the chart with their colours. Enforced and monitored series of the same label share a colour.
func legend(summary *history.Summary, by history.Dimension) []series {
	var labels []string
	for _, s := range summary.Series {
		labels = append(labels, s.Label)
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	var all []series
	for _, s := range summary.Series {
		part := series{Series: s, Colour: slices.Index(labels, s.Label) % palette}
		for _, n := range s.Events {
			part.Total += n
		}
		mode := enforce
		if s.Monitored {
			mode = monitor
		}
		part.URL = link("/events", "span", string(summary.Span), string(by), s.Label, "mode", mode)
		if s.Label == "" {
			part.URL = "" // no filter selects events without a policy or kind
		}
		all = append(all, part)
	}
	return all
}

// bars returns the data of the chart.
func bars(summary *history.Summary) []bar {
	var all []bar
	for i, t := range summary.Times {
		b := bar{Time: t, URL: link("/events", "from", rfc3339(t), "until", rfc3339(t.Add(summary.Step)))}
		for _, s := range summary.Series {
			b.Events = append(b.Events, s.Events[i])
			b.Total += s.Events[i]
		}
		all = append(all, b)
	}
	return all
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Short returns the short form of a bar's start: with the time of day, or only the day.
func (o *overview) Short(t time.Time) string {
	if o.Step < 24*time.Hour {
		return strings.TrimPrefix(t.UTC().Format("02 Jan 15:04"), "0")
	}
	return strings.TrimPrefix(t.UTC().Format("02 Jan"), "0")
}

// All returns the number of events in the span.
func (o *overview) All() int64 {
	var n int64
	for _, b := range o.Bars {
		n += b.Total
	}
	return n
}

// SpanText returns the span as a parameter value.
func (o *overview) SpanText() string { return string(o.Span) }

// Key identifies a series of the chart, also in the page's script.
func (s series) Key() string {
	if s.Monitored {
		return monitor + " " + s.Label
	}
	return enforce + " " + s.Label
}
