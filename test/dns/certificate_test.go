package dns_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"

	"github.com/typoguard/coredns-typoguard/test/kit"
)

// certificate is a self-signed certificate of this host, and its key, in files.
type certificate struct {
	file, keyFile string
	roots         *x509.CertPool // that trust it
}

// newCertificate makes a certificate in a directory.
func newCertificate(dir string) (certificate, error) {
	c := certificate{file: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"), roots: x509.NewCertPool()}
	if err := kit.Certificate(c.file, c.keyFile, localhost, localhost6); err != nil {
		return certificate{}, err
	}
	text, err := os.ReadFile(c.file)
	if err == nil && !c.roots.AppendCertsFromPEM(text) {
		err = errors.New("the certificate cannot be read")
	}
	return c, err
}

// client returns the TLS configuration of a client that trusts the certificate.
func (c certificate) client() *tls.Config {
	return &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12}
}
