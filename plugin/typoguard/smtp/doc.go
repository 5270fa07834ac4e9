// Package smtp is the mail server behind the action sinkhole: it refuses every recipient, and says which address was
// probably meant. It knows nothing of CoreDNS, policies or list files; who uses it gives it a function that judges a
// domain, and an observer that is told what happens.
//
// A message never gets in. RCPT is answered with a permanent failure (RFC 5321 section 4.2.1), so that the sender's mail
// server returns the message at once with the text of that reply; DATA and BDAT therefore never have a recipient, and are
// refused before any content is read. Nothing that a client sends is stored.
//
//	550 5.1.2 <bob@us.army.ml>: us.army.ml looks like a mistyped us.army.mil. Nothing was sent. Please check ...
//
// # How it is made
//
// github.com/emersion/go-smtp reads the commands. It has no hook for some of what a server in a hostile place needs: it
// echoes what the client sent, octet by octet and at any length; it counts no commands; it answers a command out of
// sequence with 502, where RFC 5321 section 4.2.4 has 503; and it begins TLS beneath everything that can be put around
// it. So it is given connections that are a [transport]: commands pass through it line by line, checked, counted and
// timed, replies pass through it cleaned and cut to the length that RFC 5321 section 4.5.3.1.5 allows, and STARTTLS is done
// there, where both can still be seen.
//
// # What it costs others
//
// It shares a process with a resolver. Limits bound the clients, what each may send, the time it may take, and what all of
// them together may have the server do in a second: beyond that they wait, and others of the process do not. A session
// takes some 30 KiB, 10 before its first command. Nothing waits for a client but the session of that client.
package smtp
