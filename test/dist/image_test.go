//go:build e2e

package dist_test

import (
	"crypto/x509"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// descriptor points to another file of an image.
type descriptor struct {
	Digest   string
	Platform struct{ OS, Architecture string }
}

// image is an unpacked image of one architecture.
type image struct {
	root   string
	config struct {
		Architecture, OS string
		Config           struct {
			User            string
			Entrypoint, Cmd []string
			Healthcheck     struct{ Test []string }
			ExposedPorts    map[string]any
		}
	}
}

// unpackImage unpacks the layers of an image for an architecture, with the capabilities of files.
func unpackImage(t *testing.T, architecture string) image {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, ""))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	layout := filepath.Join(dir, "layout")
	require.NoError(t, os.Mkdir(layout, 0o755))
	output(t, "tar", "--extract", "--file", built(t, "*-image.tar"), "--directory", layout)
	blob := func(digest string) string {
		return filepath.Join(layout, "blobs", strings.Replace(digest, ":", "/", 1))
	}
	read := func(path string, into any) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	var all, index struct{ Manifests []descriptor }
	read(filepath.Join(layout, "index.json"), &all)
	require.Len(t, all.Manifests, 1, "container engines load one")
	read(blob(all.Manifests[0].Digest), &index)
	require.Len(t, index.Manifests, 2)
	for _, m := range index.Manifests {
		if m.Platform.Architecture != architecture {
			continue
		}
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		read(blob(m.Digest), &manifest)
		i := image{root: filepath.Join(dir, "root")}
		read(blob(manifest.Config.Digest), &i.config)
		require.NoError(t, os.Mkdir(i.root, 0o755))
		for _, layer := range manifest.Layers {
			output(t, "tar", "--extract", "--gzip", "--xattrs", "--xattrs-include=security.capability", "--same-owner", "--file", blob(layer.Digest), "--directory", i.root)
		}
		return i
	}
	require.Fail(t, "the image is not for "+architecture)
	return image{}
}

// containerAddress is the address of a container.
const containerAddress = "10.53.0.2"

// containerNetwork makes a network namespace with a way to this one, as container engines do, and returns its file.
func containerNetwork(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "net")
	kit.WriteFile(t, file, "")
	output(t, "unshare", "--net="+file, "true")
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(file, syscall.MNT_DETACH)) })
	for _, command := range []string{
		"ip link add container type veth peer name eth0 netns " + file,
		"ip address add 10.53.0.1/24 dev container",
		"ip link set container up",
		"nsenter --net=" + file + " ip link set lo up",
		"nsenter --net=" + file + " ip link set eth0 up",
		"nsenter --net=" + file + " ip address add " + containerAddress + "/24 dev eth0",
		"nsenter --net=" + file + " ip route add default via 10.53.0.1",
	} {
		words := strings.Fields(command)
		output(t, words[0], words[1:]...)
	}
	return file
}

// TestImage: the image runs as its own user, on port 53, and says that it is healthy.
func TestImage(t *testing.T) {
	i := unpackImage(t, "amd64")
	config := i.config.Config
	assert.Equal(t, "65532:65532", config.User)
	assert.Equal(t, []string{"CMD", "/coredns-typoguard", "health"}, config.Healthcheck.Test)
	assert.Contains(t, config.ExposedPorts, "53/udp")

	// What a container engine adds to every container.
	kit.WriteFile(t, filepath.Join(i.root, "etc/resolv.conf"), "nameserver "+upstreamAddress+"\n")
	network := containerNetwork(t)
	inside := func(args ...string) []string {
		return append([]string{"--net=" + network, "chroot", "--userspec=" + config.User, i.root}, args...)
	}
	p, err := kit.Launch(t.Context(), nil, "nsenter", inside(append(config.Entrypoint, config.Cmd...)...)...)
	require.NoError(t, err)
	defer p.End(syscall.SIGTERM)
	require.NoError(t, p.UntilAnswer(t.Context(), containerAddress+":53"), p.Output())
	output(t, "nsenter", inside(config.Healthcheck.Test[1:]...)...)
	assert.Equal(t, "NOERROR 1", ask(t, containerAddress, "army.ml."), "on trial")
	kit.Eventually(t, "the lookalike is logged", func() bool {
		return strings.Contains(p.Output(), "army.ml. MX NOERROR lookalike army.mil pass")
	})

	p.End(syscall.SIGTERM)
	require.Error(t, exec.Command("nsenter", inside("/coredns-typoguard", "health", "-timeout", "100ms")...).Run(), "a dead server is healthy")
}

// TestImageFiles: the image has what the program needs, and nothing else.
func TestImageFiles(t *testing.T) {
	for architecture, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		t.Run(architecture, func(t *testing.T) {
			i := unpackImage(t, architecture)
			assert.Equal(t, architecture, i.config.Architecture)
			assert.Equal(t, "linux", i.config.OS)
			checkStatic(t, filepath.Join(i.root, "coredns-typoguard"), machine)
			assert.FileExists(t, filepath.Join(i.root, "usr/share/zoneinfo/Europe/Amsterdam"))
			roots, err := os.ReadFile(filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt"))
			require.NoError(t, err)
			assert.True(t, x509.NewCertPool().AppendCertsFromPEM(roots))
			assert.Greater(t, strings.Count(string(roots), "BEGIN CERTIFICATE"), 50)
			assert.Empty(t, output(t, "find", i.root, "-perm", "/6000"), "files with the rights of their owner")
			assert.NoDirExists(t, filepath.Join(i.root, "bin"))
		})
	}
}
