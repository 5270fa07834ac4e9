// Command image makes an OCI image from static binaries, for several architectures, without a container engine. In it are the binary,
// its Corefile, the certificates that Mozilla trusts, and the time zones that come with Go. The same input gives the same bytes.
//
//	go run . -version 1.2.3 -created 1764486000 -corefile Corefile -out DIRECTORY amd64=BINARY arm64=BINARY
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user runs the program: nobody in particular, and not root.
const user = "65532:65532"

// build is what all architectures of an image share.
type build struct {
	version, revision string
	created           time.Time
	corefile          []byte
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	version := flag.String("version", "", "the version of the image")
	revision := flag.String("revision", "", "the commit that it is built from")
	created := flag.Int64("created", 0, "the time of that commit, in seconds since 1970")
	corefile := flag.String("corefile", "", "the file that becomes /etc/coredns-typoguard/Corefile")
	out := flag.String("out", "", "the directory for the image, in OCI image layout")
	flag.Parse()
	if *version == "" || *out == "" || flag.NArg() == 0 {
		return errors.New("expected -version, -out and at least one ARCHITECTURE=BINARY")
	}
	text, err := os.ReadFile(*corefile)
	if err != nil {
		return err
	}
	b := build{version: *version, revision: *revision, created: time.Unix(*created, 0).UTC(), corefile: text}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arg := range flag.Args() {
		architecture, binary, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("argument %q; expected ARCHITECTURE=BINARY", arg)
		}
		image, err := b.image(architecture, binary)
		if err != nil {
			return fmt.Errorf("%s: %w", architecture, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return write(*out, index, "ghcr.io/typoguard/coredns-typoguard:"+strings.ReplaceAll(*version, "+", "-"))
}

// write writes a layout with the image of all architectures as its only entry, under a name: container engines load one entry, from which
// they choose the image for their architecture.
func write(out string, index v1.ImageIndex, name string) error {
	path, err := layout.Write(out, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": name, // for Podman
		"io.containerd.image.name":          name, // for Docker
	}))
}

// image returns the image for one architecture.
func (b build) image(architecture, binary string) (v1.Image, error) {
	layer, err := b.layer(binary)
	if err != nil {
		return nil, err
	}
	oci := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(oci, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: v1.Time{Time: b.created}, CreatedBy: "deploy/image"},
	})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file.Architecture, file.OS, file.Created = architecture, "linux", v1.Time{Time: b.created}
	file.Config = v1.Config{
		User:         user,
		WorkingDir:   "/etc/coredns-typoguard",
		Entrypoint:   []string{"/coredns-typoguard"},
		Cmd:          []string{"-conf", "/etc/coredns-typoguard/Corefile"},
		ExposedPorts: map[string]struct{}{"53/udp": {}, "53/tcp": {}, "9153/tcp": {}},
		Volumes:      map[string]struct{}{"/var/lib/typoguard": {}},
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "/coredns-typoguard", "health"},
			Interval: 10 * time.Second, Timeout: 5 * time.Second, StartPeriod: 5 * time.Second, Retries: 3,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "coredns-typoguard",
			"org.opencontainers.image.source":   "https://github.com/typoguard/coredns-typoguard",
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.version":  b.version,
			"org.opencontainers.image.revision": b.revision,
		},
	}
	return mutate.ConfigFile(image, file)
}
