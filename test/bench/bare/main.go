// Command bare is the least that a server with the module dns can do about a name that it hides: NXDOMAIN, a SOA record and an Extended
// DNS Error for every query. The benchmark compares a policy with it.
//
//	go run ./test/bench/bare -address ADDRESS:PORT
package main

import (
	"flag"
	"log"

	"github.com/miekg/dns"
)

func main() {
	address := flag.String("address", "127.0.0.1:1053", "where to listen, over UDP")
	flag.Parse()
	server := &dns.Server{Addr: *address, Net: "udp", Handler: dns.HandlerFunc(hide)}
	log.Fatal(server.ListenAndServe())
}

// hide answers a query.
func hide(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg).SetRcode(r, dns.RcodeNameError)
	m.RecursionAvailable = true
	if len(r.Question) == 1 {
		m.Ns = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
			Ns:  "ns.invalid.", Mbox: "nobody.invalid.", Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: 60,
		}}
	}
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(opt.UDPSize(), opt.Do())
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeBlocked, ExtraText: "Blocked"}}
	}
	if err := w.WriteMsg(m); err != nil {
		log.Print(err)
	}
}
