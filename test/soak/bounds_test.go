//go:build e2e

package soak_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// The most that the guarded server may have at any time. It holds a huge list, and its old and its new policies while it reloads.
const (
	mostMemory      = 600 << 20
	mostGoroutines  = 3000
	mostDescriptors = 1500
)

// What it may have in addition to the beginning, when there is calm again: queries that are being answered.
const (
	moreGoroutines  = 100
	moreDescriptors = 60
)

// usage is what a server uses.
type usage struct{ memory, goroutines, descriptors int }

// bounds watches what the guarded server uses.
type bounds struct {
	server *server
	tally  *tally
	base   usage // in the calm before the storm
	most   usage
}

// now returns what the server uses.
func (b *bounds) now(ctx context.Context) (u usage, err error) {
	m, err := kit.Scrape(ctx, b.server.metrics)
	if err != nil {
		return u, err
	}
	u.goroutines = int(m["go_goroutines"])
	if u.descriptors, err = b.server.descriptors(); err != nil {
		return u, err
	}
	u.memory, err = b.server.memory()
	return u, err
}

// watch watches until the context ends.
func (b *bounds) watch(ctx context.Context) {
	every(ctx, time.Second, func() {
		u, err := b.now(ctx)
		if err != nil {
			return // it is down
		}
		b.most = usage{max(b.most.memory, u.memory), max(b.most.goroutines, u.goroutines), max(b.most.descriptors, u.descriptors)}
		if u.memory > mostMemory || u.goroutines > mostGoroutines || u.descriptors > mostDescriptors {
			b.tally.violate("memory, goroutines or descriptors are not bounded", "%s", u)
		}
	})
}

// checkLeaks looks whether the server uses as much as in the beginning.
func (b *bounds) checkLeaks(ctx context.Context) {
	var u usage
	var err error
	for range 30 {
		if u, err = b.now(ctx); err == nil && u.goroutines <= b.base.goroutines+moreGoroutines && u.descriptors <= b.base.descriptors+moreDescriptors {
			return
		}
		pause(ctx, time.Second)
	}
	b.tally.violate("goroutines or descriptors leak", "%s in the beginning, and %s in the calm after a storm (%v)", b.base, u, err)
}

// String implements fmt.Stringer.
func (u usage) String() string {
	return fmt.Sprintf("%d MB, %d goroutines, %d descriptors", u.memory>>20, u.goroutines, u.descriptors)
}
