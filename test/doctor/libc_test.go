//go:build e2e

package doctor_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// getentForMusl is a getent as systems with musl have it: it asks musl's getaddrinfo, and does not know the database ahosts.
const getentForMusl = `#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *a;
	char text[INET6_ADDRSTRLEN];

	if (argc != 3 || strcmp(argv[1], "hosts"))
		return 1;
	if (getaddrinfo(argv[2], 0, &hints, &found))
		return 2;
	for (a = found; a; a = a->ai_next) {
		void *address = a->ai_family == AF_INET
			? (void *)&((struct sockaddr_in *)a->ai_addr)->sin_addr
			: (void *)&((struct sockaddr_in6 *)a->ai_addr)->sin6_addr;
		printf("%s %s\n", inet_ntop(a->ai_family, address, text, sizeof text), argv[2]);
	}
	return 0;
}
`

// examineLibcs has doctor ask the C libraries of glibc and musl, on a host that is guarded and on one that is not.
func examineLibcs(t *testing.T) {
	t.Helper()
	musl := filepath.Join(t.TempDir(), "getent")
	compile := exec.Command("musl-gcc", "-static", "-o", musl, write(t, "getent.c", getentForMusl))
	out, err := compile.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, libc := range []struct{ name, dir string }{{"glibc", ""}, {"musl", filepath.Dir(musl) + ":"}} {
		for _, test := range []struct{ resolver, level, what string }{
			{guarded, "ok", "getaddrinfo finds none of the canaries"},
			{unguarded, "fault", "getaddrinfo finds armyy.mil at 192.0.2.1: programs reach the stranger"},
		} {
			t.Run(libc.name+" asks "+test.resolver, func(t *testing.T) {
				useResolver(t, test.resolver)
				h := newHost(t)
				h.path = libc.dir
				_, findings := h.examine()
				var found []finding
				for _, f := range findings {
					if f.Check == "libc" {
						found = append(found, f)
					}
				}
				require.Len(t, found, 1)
				assert.Equal(t, test.level, found[0].Level)
				assert.True(t, strings.HasPrefix(found[0].What, test.what), found[0].What)
			})
		}
	}
}

// useResolver has the C libraries ask a resolver until the test ends.
func useResolver(t *testing.T, address string) {
	t.Helper()
	path := write(t, "resolv.conf", "nameserver "+address+"\n")
	require.NoError(t, syscall.Mount(path, "/etc/resolv.conf", "", syscall.MS_BIND, ""))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount("/etc/resolv.conf", 0)) })
}
