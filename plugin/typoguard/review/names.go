package review

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// maxNamesSize and maxNameLength bound a file of client names.
	maxNamesSize  = 16 << 20
	maxNameLength = 200
	// maxNamed is the highest number of clients and networks that a word to search for can name.
	maxNamed = 200
)

// clientNames are names of clients from a file, which is read again when it changes, and of others those in the DNS. A file that cannot be read
// any more, or is wrong, leaves the names as they were.
type clientNames struct {
	path   string
	ptr    *ptrNames
	logger *slog.Logger

	mu      sync.Mutex // guards what follows
	names   map[netip.Prefix]string
	lengths []int // of the prefixes, longest first; IPv4 ones are those of IPv6
	stamp   fileStamp
	failing bool
}

// fileStamp tells versions of a file apart.
type fileStamp struct {
	modified time.Time
	size     int64
}

// newClientNames returns the names in a file, without one none, and those in the DNS.
func newClientNames(path string, ptr *ptrNames, logger *slog.Logger) *clientNames {
	return &clientNames{path: path, ptr: ptr, logger: logger}
}

// of returns the name of a client with an address; "" if it has none.
func (c *clientNames) of(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if name := c.inFile(ip); name != "" {
		return name
	}
	return c.ptr.of(ip)
}

// inFile returns the name of the smallest network in the file that an address is in; "" if there is none.
func (c *clientNames) inFile(ip netip.Addr) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, bits := range c.lengths {
		if network, err := as16(ip).Prefix(bits); err == nil {
			if name, ok := c.names[network]; ok {
				return name
			}
		}
	}
	return ""
}

// Networks returns the networks and addresses of clients whose names contain a word, case-insensitive; none for a word in the names of more than
// maxNamed, such as their domain, because it tells hardly any of them apart, and each costs a comparison with all clients.
func (c *clientNames) Networks(word string) []netip.Prefix {
	if all := c.named(word); len(all) <= maxNamed {
		return all
	}
	return nil
}

// named returns the networks and addresses of all clients whose names contain a word.
func (c *clientNames) named(word string) []netip.Prefix {
	word = strings.ToLower(word)
	all := c.ptr.networks(word)
	c.mu.Lock()
	defer c.mu.Unlock()
	for network, name := range c.names {
		if strings.Contains(strings.ToLower(name), word) {
			all = append(all, as4(network))
		}
	}
	return all
}

// as4 undoes as16 for networks of IPv4.
func as4(network netip.Prefix) netip.Prefix {
	if ip := network.Addr(); ip.Is4In6() && network.Bits() >= 96 {
		return netip.PrefixFrom(ip.Unmap(), network.Bits()-96)
	}
	return network
}

// as16 returns an address as one of IPv6, so that all have the same length.
func as16(ip netip.Addr) netip.Addr { return netip.AddrFrom16(ip.As16()) }

// refresh reads the file if it has changed.
func (c *clientNames) refresh() {
	if c.path == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.path)
	if err == nil {
		stamp := fileStamp{info.ModTime(), info.Size()}
		if stamp == c.stamp {
			return
		}
		c.stamp = stamp
		var names map[netip.Prefix]string
		if names, err = readNames(c.path); err == nil {
			c.set(names)
			c.failing = false
			return
		}
	}
	if !c.failing {
		c.logger.Error("Reading the client names failed; keeping the previous ones", "err", err)
	}
	c.failing = true
}

// set replaces the names. The caller holds the lock.
func (c *clientNames) set(names map[netip.Prefix]string) {
	c.names, c.lengths = names, nil
	for network := range names {
		c.lengths = append(c.lengths, network.Bits())
	}
	slices.SortFunc(c.lengths, func(a, b int) int { return cmp.Compare(b, a) })
	c.lengths = slices.Compact(c.lengths)
}

// readNames reads a file of client names.
func readNames(path string) (map[netip.Prefix]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("clients_file: %w", err)
	}
	defer file.Close()
	names := map[netip.Prefix]string{}
	limited := &io.LimitedReader{R: file, N: maxNamesSize + 1}
	lines := bufio.NewScanner(limited)
	for number := 1; lines.Scan(); number++ {
		network, name, err := parseName(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("clients_file %s:%d: %w", path, number, err)
		}
		if network.IsValid() {
			names[network] = name
		}
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("clients_file %s is larger than %d bytes", path, maxNamesSize)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("clients_file %s: %w", path, err)
	}
	return names, nil
}

// parseName parses a line: an address or network, and after blanks or a comma, its name; or nothing but a comment.
func parseName(line string) (network netip.Prefix, name string, err error) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	if line == "" {
		return network, "", nil
	}
	const expected = "expected an address or network, and a name, such as 192.0.2.0/24 mail servers"
	end := strings.IndexAny(line, " \t,")
	if end < 0 {
		return network, "", fmt.Errorf("%q has no name; %s", line, expected)
	}
	text := line[:end]
	if ip, err := netip.ParseAddr(text); err == nil {
		network = netip.PrefixFrom(ip.WithZone(""), ip.BitLen())
	} else if network, err = netip.ParsePrefix(text); err != nil {
		return network, "", fmt.Errorf("%q is no address or network; %s", text, expected)
	}
	name = strings.Trim(line[end:], " \t,\"")
	if name == "" || len(name) > maxNameLength || !utf8.ValidString(name) {
		return network, "", fmt.Errorf("%q has no name of at most %d bytes in UTF-8; %s", text, maxNameLength, expected)
	}
	bits := network.Bits()
	if network.Addr().Is4() {
		bits += 96
	}
	return netip.PrefixFrom(as16(network.Addr()), bits).Masked(), name, nil
}
