// Package stacks has Go's runtime start goroutines with the stack that a query needs.
package stacks

import "sync"

const (
	// holders is how many goroutines hold a stack. They have to be many against those that wait for a connection or a timer and use next
	// to none. With 10,000 open connections they are not, and goroutines start as small as they do without them.
	holders = 128
	// held is how much stack each of them uses, in bytes. The runtime adds a reserve of less than 1 KiB to the average and takes the next
	// power of two: 8 KiB, in which the plugins of a resolver find room, and never the 16 KiB that most of them would not need.
	held = 6656
)

// Hold makes goroutines start with 8 KiB of stack instead of 2 KiB, from the second garbage collection on, until the function that it
// returns is called. It costs 1 MiB.
//
// Package dns serves each UDP packet in a new goroutine. Its stack is copied to one twice as large each time that the chain of plugins
// needs more, twice for most queries, which takes a fifth of all CPU time. The runtime learns how large stacks have to be from those
// that it finds at a garbage collection, but there it finds the idle goroutines of a server and hardly a query. No setting of the runtime
// says how large they are to start; these goroutines say it by what they use.
func Hold() (release func()) {
	done := make(chan struct{})
	var holding, ended sync.WaitGroup
	holding.Add(holders)
	for range holders {
		ended.Go(func() { hold(&holding, done) })
	}
	holding.Wait()
	return func() {
		close(done)
		ended.Wait()
	}
}

// hold uses stack until it is told to end.
//
//go:noinline
func hold(holding *sync.WaitGroup, done <-chan struct{}) {
	var stack [held]byte
	use(&stack)
	holding.Done()
	<-done
}

// use keeps the compiler from leaving the array out, or moving it to the heap.
//
//go:noinline
func use(stack *[held]byte) { stack[0] = 1 }
