//go:build e2e

package dist_test

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestChecksums: SHA256SUMS has every file, and is right.
func TestChecksums(t *testing.T) {
	sums := built(t, "SHA256SUMS")
	dir := filepath.Dir(sums)
	output(t, "sh", "-c", "cd '"+dir+"' && sha256sum --check --strict SHA256SUMS")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	text, err := os.ReadFile(sums)
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.Name() != "SHA256SUMS" {
			assert.Contains(t, string(text), "  "+entry.Name()+"\n")
		}
	}
}

// TestArchives: each binary is static and for its system, and NOTICE and SBOM have every module that it consists of.
func TestArchives(t *testing.T) {
	notice, err := os.ReadFile(built(t, "NOTICE"))
	require.NoError(t, err)
	for platform, machine := range map[string]elf.Machine{"linux-amd64": elf.EM_X86_64, "linux-arm64": elf.EM_AARCH64, "freebsd-amd64": elf.EM_X86_64} {
		t.Run(platform, func(t *testing.T) {
			archive := built(t, "*-"+platform+".tar.gz")
			dir := t.TempDir()
			output(t, "tar", "--extract", "--file", archive, "--directory", dir, "--strip-components=1")
			binary := filepath.Join(dir, "coredns-typoguard")
			checkStatic(t, binary, machine)
			for _, name := range []string{"LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "docs/install.md", "completion/bash", "man/coredns-typoguard.7.gz"} {
				assert.FileExists(t, filepath.Join(dir, name))
			}

			var sbom struct {
				BOMFormat  string
				Components []struct{ Name, Version string }
			}
			text, err := os.ReadFile(built(t, "*-"+platform+".cdx.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &sbom))
			assert.Equal(t, "CycloneDX", sbom.BOMFormat)
			var listed []string
			for _, c := range sbom.Components {
				listed = append(listed, c.Name+" "+c.Version)
			}
			info, err := buildinfo.ReadFile(binary)
			require.NoError(t, err)
			for _, module := range info.Deps {
				name := module.Path + " " + module.Version
				assert.Contains(t, listed, name)
				assert.Contains(t, string(notice), "\n"+name+": ", "the text of a licence")
			}
		})
	}
}

// checkStatic checks that a program is for a machine, and needs no other file.
func checkStatic(t *testing.T, path string, machine elf.Machine) {
	t.Helper()
	file, err := elf.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	assert.Equal(t, machine, file.Machine)
	for _, program := range file.Progs {
		assert.NotEqual(t, elf.PT_INTERP, program.Type, "%s is linked dynamically", path)
	}
}

// TestRPM: the rpm has the files of the deb, and what it does at each step is what the deb does.
func TestRPM(t *testing.T) {
	for arch, other := range map[string]string{"x86_64": "amd64", "aarch64": "arm64"} {
		t.Run(arch, func(t *testing.T) {
			rpm := built(t, "*."+arch+".rpm")
			query := func(args ...string) string {
				return strings.TrimSpace(output(t, "rpm", append([]string{"--query", "--package", rpm}, args...)...))
			}
			var files []string
			for _, path := range strings.FieldsSeq(output(t, "sh", "-c", "dpkg-deb --fsys-tarfile '"+built(t, "*_"+other+".deb")+"' | tar --list")) {
				if !strings.HasSuffix(path, "/") {
					files = append(files, strings.Replace(strings.TrimPrefix(path, "."), "zsh/vendor-completions", "zsh/site-functions", 1))
				}
			}
			assert.Subset(t, strings.Fields(query("--list")), files)
			for _, path := range []string{"Corefile", "allow.txt", "protect.txt"} {
				assert.Contains(t, query("--queryformat", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]"), "/etc/coredns-typoguard/"+path+" cn", "noreplace")
			}
			assert.Equal(t, arch+" Apache-2.0", query("--queryformat", "%{ARCH} %{LICENSE}"))
		})
	}
}

// TestRPMInstalled: rpm runs the scripts of the package with its own arguments. The system is a Debian, whose rpm database is empty.
func TestRPMInstalled(t *testing.T) {
	h := newHost(t, releases[0])
	rpm := func(args ...string) string {
		return output(t, "rpm", append([]string{"--root", h.root, "--nodeps"}, args...)...)
	}
	file := built(t, "*.x86_64.rpm")
	assert.Contains(t, rpm("--install", file), "systemctl enable --now coredns-typoguard")
	h.run(t, "sed -i 's/192.0.2.53 192.0.2.54/192.0.2.1/; /mode monitor/d' /etc/coredns-typoguard/Corefile && systemctl enable --now coredns-typoguard")
	assert.Equal(t, "NXDOMAIN 0", ask(t, "127.0.0.1", "army.ml."))
	edited := h.read(t, "etc/coredns-typoguard/Corefile")

	assert.NotContains(t, rpm("--upgrade", "--force", file), "systemctl enable")
	assert.Equal(t, edited, h.read(t, "etc/coredns-typoguard/Corefile"))
	assert.True(t, h.exists("usr/bin/coredns-typoguard"))

	h.write(t, "etc/resolv.conf", "nameserver 127.0.0.1\n")
	assert.Contains(t, rpm("--erase", "coredns-typoguard"), "/etc/resolv.conf still names 127.0.0.1")
	assert.False(t, h.exists("usr/bin/coredns-typoguard"))
	assert.Equal(t, edited, h.read(t, "etc/coredns-typoguard/Corefile.rpmsave"))
	assert.Equal(t, "nameserver 127.0.0.1\n", h.read(t, "etc/resolv.conf"))
}
