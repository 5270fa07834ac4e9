// Package policy decides: is a name hidden from a client, by which policy, and why. It is the one place that does, for the
// server, the SMTP sinkhole and the commands.
//
// Compile makes a Set of the policies of a server block and the suffixes that their lists hold at one moment. Judge then
// takes a Query and returns a Decision, which is a value: nobody changes it afterwards.
//
// The package is pure. It knows neither CoreDNS nor sockets nor files; what a decision needs beside the name (the client, the
// time, whether a domain exists) it asks of the Query, and only if it matters.
package policy
