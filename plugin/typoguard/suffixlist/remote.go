package suffixlist

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	// fetchTimeout limits the time to fetch a list.
	fetchTimeout = 10 * time.Second
	// startTimeout limits it at the start if there is a copy.
	startTimeout = 2 * time.Second
	// maxFetched is the maximum size of a list in bytes: room for several million suffixes.
	maxFetched = 64 << 20
	// pieceSize is how many bytes of it are read into one piece of memory.
	pieceSize = 256 << 10
	// userAgent identifies the client to web servers.
	userAgent = "typoguard"
)

// remote is the state of a list that is fetched from a web server. The last good copy is kept in a file.
type remote struct {
	client   *http.Client
	largest  int64  // maximum size of a list, in bytes
	cacheDir string // "": none
	optional bool   // the server may start without the list
	key      *Key   // with which the list must be signed; nil if it need not be

	etag    string // the entity tag of the list in force
	fetched string // the entity tag of the latest response

	modified, fetchedModified time.Time // when the one and the other was last changed; zero if that is not known
	kept                      string    // the content of the file
	hasKept                   bool      // there is such a file

	previous string // the content of the file at startup
}

func newRemote(cacheDir string, optional bool) *remote {
	return &remote{largest: maxFetched, cacheDir: cacheDir, optional: optional, client: &http.Client{
		Timeout: fetchTimeout,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			switch {
			case next.URL.Scheme != "https":
				return fmt.Errorf("redirected to %s; expected an https address", next.URL)
			case len(via) >= 10:
				return errors.New("redirected 10 times")
			}
			return nil
		},
	}}
}

// fetch returns the list at an address, or the one in force if it has not changed.
func (r *remote) fetch(ctx context.Context, url, inForce string) (string, error) {
	tag := r.etag
	if inForce == "" {
		tag = ""
	}
	content, header, err := r.get(ctx, url, tag, r.largest)
	switch {
	case errors.Is(err, errNotModified):
		r.fetched, r.fetchedModified = r.etag, r.modified
		return inForce, nil
	case err != nil:
		return "", err
	}
	if r.key != nil {
		if err := r.verify(ctx, url, content); err != nil {
			return "", err
		}
	}
	r.fetched, r.fetchedModified = header.Get("ETag"), time.Time{}
	if modified, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
		r.fetchedModified = modified
	}
	return string(content), nil
}

// errNotModified is returned for what still has the same entity tag.
var errNotModified = errors.New("not modified")

// get returns what is at an address, and the header of the reply, unless it has the given one or is too large.
func (r *remote) get(ctx context.Context, url, tag string, largest int64) (content []byte, header http.Header, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }() // if it fails, there is nothing to do
	switch {
	case response.StatusCode == http.StatusNotModified && tag != "":
		return nil, nil, errNotModified
	case response.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("%s: %s", url, response.Status)
	case endsWithConnection(response):
		return nil, nil, fmt.Errorf("%s: the reply has neither Content-Length nor chunks, so that one cut off would look whole; expected one of them", url)
	}
	if content, err = readAll(response.Body, largest); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", url, err)
	}
	return content, response.Header, nil
}

// readAll reads a body of at most so many bytes. It does so in pieces, because a buffer that grows leaves more behind than it holds, and a server
// may send without end at each look.
func readAll(body io.Reader, largest int64) ([]byte, error) {
	var pieces [][]byte
	for total := int64(0); ; {
		piece := bytes.NewBuffer(make([]byte, 0, pieceSize+bytes.MinRead))
		n, err := piece.ReadFrom(io.LimitReader(body, pieceSize))
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece.Bytes())
		switch total += n; {
		case total > largest:
			return nil, fmt.Errorf("more than %d bytes", largest)
		case n < pieceSize:
			return bytes.Join(pieces, nil), nil
		}
	}
}

// endsWithConnection reports whether only the end of the connection ends a reply (RFC 9112 section 6.3), which says nothing about its
// length. HTTP/2 and gzip have an end of their own.
func endsWithConnection(response *http.Response) bool {
	return response.ProtoMajor == 1 && response.ContentLength < 0 && len(response.TransferEncoding) == 0 && !response.Uncompressed
}

// path returns the file name of a list's copy.
func (r *remote) path(url string) string {
	sum := sha256.Sum256([]byte(url))
	return filepath.Join(r.cacheDir, hex.EncodeToString(sum[:8])+".list")
}

// copied returns the copy of a list.
func (r *remote) copied(url string) (string, error) {
	if r.cacheDir == "" {
		return "", errors.New("and there is no copy, because cache_dir is not set")
	}
	content, err := os.ReadFile(r.path(url))
	if err != nil {
		return "", fmt.Errorf("and there is no copy: %w", err)
	}
	r.kept, r.hasKept = string(content), true
	r.previous = r.kept
	return r.kept, nil
}

// keep records that a list is in force, and writes its copy.
func (r *remote) keep(url, content string) error {
	r.etag, r.modified = r.fetched, r.fetchedModified
	if r.cacheDir == "" || (r.hasKept && content == r.kept) {
		return nil
	}
	file, err := os.CreateTemp(r.cacheDir, ".list")
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), r.path(url))
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	r.kept, r.hasKept = content, true
	return nil
}
