// Command bare is the least that a server can do about a name that it hides: NXDOMAIN, a SOA record and an Extended DNS Error for every
// query. The benchmark compares a policy with it.
//
//	go run ./test/bench/bare -address ADDRESS:PORT [-how dns|loop|batches]
//
// With dns, the module dns reads and writes the messages, as in CoreDNS, with a goroutine for each. The other two answer with octets
// prepared beforehand, which is no server, and only shows what the module and the system take: loop by two system calls for each query,
// batches by two for up to 32.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/miekg/dns"
)

func main() {
	address := flag.String("address", "127.0.0.1:1053", "where to listen, over UDP")
	how := flag.String("how", "dns", "what reads and writes: `dns, loop or batches`")
	flag.Parse()
	log.Fatal(serve(*address, *how))
}

// serve answers queries until that fails.
func serve(address, how string) error {
	if how == "dns" {
		return (&dns.Server{Addr: address, Net: "udp", Handler: dns.HandlerFunc(hide)}).ListenAndServe()
	}
	local, err := net.ResolveUDPAddr("udp4", address)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", local)
	if err != nil {
		return err
	}
	prepared, err := prepare()
	if err != nil {
		return err
	}
	switch how {
	case "loop":
		return prepared.loop(conn)
	case "batches":
		return prepared.batches(conn)
	}
	return fmt.Errorf("-how %s; expected dns, loop or batches", how)
}

// hide answers a query.
func hide(w dns.ResponseWriter, r *dns.Msg) {
	if err := w.WriteMsg(answer(r)); err != nil {
		log.Print(err)
	}
}

// answer returns the answer to a query.
func answer(r *dns.Msg) *dns.Msg {
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
	return m
}
