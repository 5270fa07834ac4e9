// Package pool keeps things open across reloads while their configuration stays the same: listeners, pages and sinks.
package pool

import (
	"errors"
	"maps"
	"slices"
	"sync"
)

// Pool holds open things by key, each with the configuration with which it was opened. It is not safe for concurrent use. All
// functions except Configure must be set before the first use.
type Pool[C, V any] struct {
	// Same reports whether something opened with one configuration may stay open with another.
	Same func(a, b C) bool
	// Open opens something.
	Open func(C) (V, error)
	// Configure gives something that stays open its new configuration; nil if that is not needed.
	Configure func(V, C)
	// Close closes something. It may be called concurrently.
	Close func(V)

	open map[string]entry[C, V]
}

type entry[C, V any] struct {
	config C
	value  V
}

// Update opens and closes things until exactly those that are wanted are open. It first closes those that are no longer wanted, or
// not as they are, and then opens those that are missing, because a new one may need the address of an old one.
//
// If one cannot be opened, Update still opens the others, and returns the joined errors. They stay open: the next Update, with another
// configuration or with the previous one, takes them over.
func (p *Pool[C, V]) Update(wanted map[string]C) error {
	p.CloseAll(p.Retain(wanted))
	return p.OpenMissing(wanted)
}

// Retain is the first step of Update. It removes from the pool, and returns, what must be closed.
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

// OpenMissing is the last step of Update: it opens what is wanted but not in the pool.
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

// CloseAll closes the things that Retain returned, concurrently, because each may take some seconds.
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
