// Package pool keeps things open while their configuration stays the same: listeners, pages and sinks, over any number of
// reloads.
package pool

import (
	"errors"
	"maps"
	"slices"
	"sync"
)

// Pool has things that are open, by key, each with the configuration that it was opened with. It is not safe for concurrent
// use. The functions must be set before it is used, all but Configure.
type Pool[C, V any] struct {
	// Same reports whether something that was opened with one configuration may stay open with another.
	Same func(a, b C) bool
	// Open opens something.
	Open func(C) (V, error)
	// Configure tells something that stays open its new configuration; nil if there is nothing to tell.
	Configure func(V, C)
	// Close closes something. Several may be closed at the same time.
	Close func(V)

	open map[string]entry[C, V]
}

type entry[C, V any] struct {
	config C
	value  V
}

// Update makes what is open what is wanted: what may stay stays, what must not is closed, and what is missing is opened, in
// this order, since a new thing may need the address of an old one.
//
// An error does not keep the others from being opened; the errors are joined. What is open then stays open: the next
// Update, with another configuration or with the one from before, takes it over.
func (p *Pool[C, V]) Update(wanted map[string]C) error {
	p.CloseAll(p.Retain(wanted))
	return p.OpenMissing(wanted)
}

// Retain is the first step of Update. It returns what must be closed, which is no longer in the pool.
func (p *Pool[C, V]) Retain(wanted map[string]C) []V {
	var gone []V
	for _, key := range slices.Sorted(maps.Keys(p.open)) {
		e := p.open[key]
		config, ok := wanted[key]
		if !ok || !p.Same(e.config, config) {
			gone = append(gone, e.value)
			delete(p.open, key)
			continue
		}
		if p.Configure != nil {
			p.Configure(e.value, config)
		}
		p.open[key] = entry[C, V]{config, e.value}
	}
	return gone
}

// OpenMissing is the last step of Update: it opens what is wanted and not in the pool.
func (p *Pool[C, V]) OpenMissing(wanted map[string]C) error {
	if p.open == nil {
		p.open = map[string]entry[C, V]{}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if _, ok := p.open[key]; ok {
			continue
		}
		value, err := p.Open(wanted[key])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.open[key] = entry[C, V]{wanted[key], value}
	}
	return errors.Join(errs...)
}

// CloseAll closes things that Retain returned, at the same time, since each may need some seconds.
func (p *Pool[C, V]) CloseAll(gone []V) {
	var closing sync.WaitGroup
	for _, value := range gone {
		closing.Go(func() { p.Close(value) })
	}
	closing.Wait()
}

// Get returns what is open under a key.
func (p *Pool[C, V]) Get(key string) (V, bool) {
	e, ok := p.open[key]
	return e.value, ok
}
