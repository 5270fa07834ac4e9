// Package smtp is the mail server behind the action sinkhole: it refuses every recipient, and names the address that was
// probably intended. It knows nothing of CoreDNS, policies or list files: its caller provides a function that judges domains,
// and an observer that learns what happens.
//
// The server never accepts a message. It answers RCPT with a permanent failure (RFC 5321 section 4.2.1), so that the sending mail
// server bounces the message at once with the text of that reply. DATA and BDAT therefore never have a recipient, and are refused
// before the server reads any content. It stores nothing that a client sends.
//
//	550 5.1.2 <bob@us.army.ml>: us.army.ml looks like a mistyped us.army.mil. Nothing was sent. Please check ...
//
// # Design
//
// github.com/emersion/go-smtp reads the commands. It lacks hooks for some of what a server in a hostile place needs: it echoes
// client input octet by octet and at any length, it does not count commands, it answers commands out of sequence with 502, where
// RFC 5321 section 4.2.4 requires 503, and it starts TLS beneath everything that can be wrapped around it. So each of its
// connections is a [transport]: it checks, counts and times commands line by line, cleans replies and truncates them to the length
// that RFC 5321 section 4.5.3.1.5 allows, and handles STARTTLS itself, where both directions are still visible.
//
// # Resources
//
// The server shares a process with a resolver. Limits bound the number of clients, what each may send, the time it may take, and
// the work that all of them together may cause per second: beyond that, clients wait, and the rest of the process does not. A
// session takes about 30 KiB, and 10 KiB before its first command. Only a client's own session ever waits for it.
package smtp
