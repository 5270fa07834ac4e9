package review

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/history"
)

const (
	// exportTimeout is how long an export may take, and exportStall how long its reader may pause.
	exportTimeout = 15 * time.Minute
	exportStall   = 30 * time.Second
	exportBuffer  = 32 << 10
)

// writer writes events in a format.
type writer struct {
	contentType, extension string
	begin                  func() error // nil if there is nothing to do
	event                  func(*history.Event) error
	end                    func() error
}

// export streams all events that match a filter, newest first. If the database or the reader fails midway, it aborts the connection,
// so that nobody mistakes a part for the whole.
func (s *site) export(format func(io.Writer) writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := s.parse(r.URL.Query())
		if err == nil {
			select {
			case s.exports <- struct{}{}:
				defer func() { <-s.exports }()
			default:
				err = errBusy
			}
		}
		begun := false
		if err == nil {
			begun, err = s.stream(w, r, format, q)
		}
		if begun && err != nil {
			s.logFailure(r, err)
			panic(http.ErrAbortHandler)
		}
		if p := s.problemOf(r, err); p != nil {
			s.handle(func(context.Context, *http.Request) (*answer, error) { return nil, p }, s.problemPage).ServeHTTP(w, r)
		}
	})
}

// stream writes an export, and reports whether it has sent anything.
func (s *site) stream(w http.ResponseWriter, r *http.Request, format func(io.Writer) writer, q *query) (begun bool, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), exportTimeout)
	defer cancel()
	out := &exportWriter{w: w, control: http.NewResponseController(w)}
	buffer := bufio.NewWriterSize(out, exportBuffer)
	f := format(buffer)
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "typoguard-events-"+s.now().UTC().Format("20060102T150405Z")+"."+f.extension))
	if r.Method == http.MethodHead {
		return true, nil
	}
	if f.begin != nil {
		err = f.begin()
	}
	if err == nil {
		editor := s.edits(r)
		err = s.store.Each(ctx, q.filter, func(e *history.Event) error { return f.event(shown(editor, e)) })
	}
	if err == nil {
		err = errors.Join(f.end(), buffer.Flush())
	}
	if err != nil && !out.begun {
		w.Header().Del("Content-Disposition")
	}
	return out.begun, err
}

// exportWriter is a response that may take long, as long as the client keeps reading.
type exportWriter struct {
	w       io.Writer
	control *http.ResponseController
	begun   bool
}

func (p *exportWriter) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(exportStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("%w: %w", errReader, err)
	}
	p.begun = true
	n, err := p.w.Write(b)
	if err != nil {
		return n, fmt.Errorf("%w: %w", errReader, err)
	}
	return n, nil
}
