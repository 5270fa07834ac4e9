package review

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"sync"
)

//go:generate go run ./generate

//go:embed assets
var assetFiles embed.FS

// assets are the files that pages load. Their URLs contain a hash of all of them, so that browsers may cache them forever.
type assets struct {
	version string
	files   fs.FS
}

// vendored returns the embedded assets.
var vendored = sync.OnceValue(func() assets {
	hash := sha256.New()
	err := fs.WalkDir(assetFiles, "assets", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := assetFiles.ReadFile(path)
		_, _ = hash.Write(content) // never fails
		return err
	})
	if err != nil {
		panic(err) // the assets are embedded
	}
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err)
	}
	return assets{hex.EncodeToString(hash.Sum(nil))[:16], files}
})

// URL returns the path of an asset.
func (a assets) URL(name string) string { return "/assets/" + a.version + "/" + name }

// ServeHTTP serves assets, but neither those of another version of the page nor directory listings.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	file, err := fs.Stat(a.files, name)
	if r.PathValue("version") != a.version || err != nil || file.IsDir() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeFileFS(w, r, a.files, name)
}
