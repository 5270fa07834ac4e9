package suffixlist

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jedisct1/go-minisign"
)

const (
	// signatureExtension is appended to the path of a list's address: minisign names its signature so.
	signatureExtension = ".minisig"
	// maxSignature is the maximum size of a signature in bytes.
	maxSignature = 4096
)

// Key is a public key of minisign.
type Key struct{ public minisign.PublicKey }

// ParseKey reads a public key, or the file that has it. The path is that of the file, if it is one.
func ParseKey(key, path string) (*Key, error) {
	public, err := minisign.NewPublicKey(key)
	if err == nil {
		return &Key{public}, nil
	}
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("%w; expected a public key of minisign, such as RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3, or its file", err)
	}
	if public, err = minisign.DecodePublicKey(string(content)); err != nil {
		return nil, fmt.Errorf("%s: %w; expected the public key that minisign -G writes", path, err)
	}
	return &Key{public}, nil
}

// Signed makes a fetched list be refused unless it is signed with a key. Remote must have been called.
func (s *Source) Signed(with *Key) { s.remote.key = with }

// verify returns an error unless the content of a list has a signature, which is beside it.
func (r *remote) verify(ctx context.Context, list string, content []byte) error {
	address, err := url.Parse(list)
	if err != nil {
		return err
	}
	address.Path += signatureExtension
	if address.RawPath != "" {
		address.RawPath += signatureExtension
	}
	text, _, err := r.get(ctx, address.String(), "", maxSignature)
	if err != nil {
		return fmt.Errorf("the signature: %w", err)
	}
	signature, err := minisign.DecodeSignature(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w; expected a signature of minisign", address.Redacted(), err)
	}
	if _, err := r.key.public.Verify(content, signature); err != nil {
		return fmt.Errorf("%s does not sign the list: %w", address.Redacted(), err)
	}
	return nil
}
