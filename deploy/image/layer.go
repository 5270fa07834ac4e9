package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/pem"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// zoneinfo is where Go looks for the time zone that TZ names.
const zoneinfo = "usr/share/zoneinfo/"

// bindPorts is the attribute of a file that gives it, and nothing else, the capability to bind ports below 1024, as CoreDNS's own
// image does: VFS_CAP_REVISION_2 with the effective bit, and CAP_NET_BIND_SERVICE (10) as permitted.
const bindPorts = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// uid is the number of the user and the group.
const uid = 65532

// entry is one file or directory of the image.
type entry struct {
	name    string
	mode    int64
	uid     int
	content []byte
	xattr   string
}

// layer returns the only layer of the image.
func (b build) layer(binary string) (v1.Layer, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	zones, err := timeZones()
	if err != nil {
		return nil, err
	}
	entries := []entry{
		{name: "coredns-typoguard", mode: 0o755, content: program, xattr: bindPorts},
		{name: "etc/", mode: 0o755},
		{name: "etc/coredns-typoguard/", mode: 0o755},
		{name: "etc/coredns-typoguard/Corefile", mode: 0o644, content: b.corefile},
		{name: "etc/group", mode: 0o644, content: []byte("root:x:0:\nnonroot:x:65532:\n")},
		{name: "etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/:/nonexistent\nnonroot:x:65532:65532:nonroot:/:/nonexistent\n")},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: roots()},
		{name: "tmp/", mode: 0o1777},
		{name: "usr/", mode: 0o755},
		{name: "usr/share/", mode: 0o755},
		{name: "var/", mode: 0o755},
		{name: "var/lib/", mode: 0o755},
		{name: "var/lib/typoguard/", mode: 0o750, uid: uid},
		{name: "var/log/", mode: 0o755},
		{name: "var/log/typoguard/", mode: 0o750, uid: uid},
	}
	var archive bytes.Buffer
	if err := b.write(&archive, append(entries, zones...)); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}

// write writes the entries as a tar archive.
func (b build) write(to io.Writer, entries []entry) error {
	w := tar.NewWriter(to)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.uid, Gid: e.uid, ModTime: b.created, Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(e.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if e.xattr != "" {
			header.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": e.xattr}
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(e.content); err != nil {
			return err
		}
	}
	return w.Close()
}

// roots returns the certificates that Mozilla trusts for every name, as PEM.
func roots() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return out.Bytes()
}

// timeZones returns the time zones that come with Go.
func timeZones() ([]entry, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	zones, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(goroot)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	defer zones.Close()
	entries := []entry{{name: zoneinfo, mode: 0o755}}
	for _, file := range zones.File {
		content, err := fs.ReadFile(zones, file.Name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: zoneinfo + file.Name, mode: 0o644, content: content})
	}
	return entries, nil
}
