package typoguard

// stackNeeded is roughly how much stack the plugins behind this one use until the reply is written, in bytes.
const stackNeeded = 3 << 10

// growStack makes room for the plugins behind this one. Package dns serves each query in a new goroutine, whose stack is copied to a larger
// one when it is full, and then every call on it has to be adjusted. With this plugin before CoreDNS's cache that always happens, in the
// midst of writing the reply, twenty calls deep. Here it is half as many. Once goroutines start with a large stack, which package stacks
// has them do after some garbage collections, it costs nothing: what makes the stack grow is the size of the function's frame, and not what
// it does.
//
//go:noinline
func growStack(use bool) {
	if use { // never, so that nobody has to clear the array
		var frame [stackNeeded]byte
		touch(&frame)
	}
}

// touch keeps the compiler from leaving the array out, or moving it to the heap.
//
//go:noinline
func touch(frame *[stackNeeded]byte) { frame[0] = 1 }
