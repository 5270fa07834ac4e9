// Command demo runs the binary with a history and a review page, and mail servers and people that mistype some of the domains
// that they look up.
//
//	go run ./test/demo [-review ADDRESS] [-dir DIRECTORY] [-days N] [-pause DURATION] [-for DURATION]
//
// It goes on until Ctrl-C. Everything stays on loopback, where each client has an address of its own in 127.0.0.0/8 (which
// Linux lets it), and in a directory that is removed in the end. What the page shows of the days before is made up: by the
// same clients, typos and policies, but nobody has asked for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// settings are what the flags say.
type settings struct {
	review   string        // the address of the page
	dir      string        // for all files; "" for one that is removed
	days     int           // of the past
	pause    time.Duration // between two deliveries
	duration time.Duration // 0 is for ever
}

func main() {
	var s settings
	flag.StringVar(&s.review, "review", "127.0.0.1:8053", "`address` of the page")
	flag.StringVar(&s.dir, "dir", "", "`directory` for all files, which is kept; without it there is one that is removed")
	flag.IntVar(&s.days, "days", 30, "`number` of days before now that are made up")
	flag.DurationVar(&s.pause, "pause", 40*time.Millisecond, "`time` between two deliveries")
	flag.DurationVar(&s.duration, "for", 0, "`duration` of the show; 0 is until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if s.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.duration)
		defer cancel()
	}
	if err := run(ctx, os.Stdout, s); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
}

// run does everything until the context ends.
func run(ctx context.Context, out io.Writer, s settings) (err error) {
	if s.pause <= 0 || s.days < 0 {
		return errors.New("expected a pause above 0, and no days below 0")
	}
	kept := "keeps " + s.dir
	if s.dir == "" {
		kept = "removes everything"
		if s.dir, err = os.MkdirTemp("", "typoguard-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	}
	site, err := newSite(s)
	if err != nil {
		return err
	}
	w := newWorld()
	made, err := makeUp(ctx, site, w, s.days, time.Now())
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("making up the past: %w", err)
	}
	fmt.Fprintln(out, "building the resolver")
	binary, err := kit.Build(ctx)
	if err != nil {
		return orNothing(ctx, err)
	}
	resolver, err := kit.Serve(ctx, s.dir, site.corefile(), site.dns, binary)
	if err != nil {
		return orNothing(ctx, err)
	}
	defer resolver.End(syscall.SIGTERM)
	if err := resolver.Until(ctx, func() error {
		_, _, err := kit.Get(ctx, "http://"+s.review+"/")
		return err
	}); err != nil {
		return orNothing(ctx, err)
	}
	fmt.Fprintf(out, `review page  http://%s/
events       %s
             %s
resolver     dig @127.0.0.1 -p %s army.ml MX
SMTP         %s, where it sends mail for lookalikes of partners
metrics      http://%s/metrics

The %d events before now are MADE UP, so that there is something to see of the last %d days. Those from now on are
real: the clients below look names up, and are answered. Far more of them are mistyped than in earnest.
%s

Ctrl-C ends it, and %s.

`, s.review, site.database(), site.events(), site.port(), site.smtp, site.metrics, made, s.days, w, kept)
	return orNothing(ctx, deliver(ctx, out, site, w, s.pause, resolver))
}

// orNothing returns an error, unless the context has ended: then it is only because of that.
func orNothing(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
