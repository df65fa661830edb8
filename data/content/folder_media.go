package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"wardbook/data/format/markdown"
)

const (
	typePNG  = "image/png"
	typeJPEG = "image/jpeg"
)

// mediaType is the type that a file's name tells, or "".
func mediaType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".png":
		return typePNG
	case ".jpg", ".jpeg":
		return typeJPEG
	}
	return ""
}

// maxMediaName bounds the name of an image, so that no system finds its path too long.
const maxMediaName = 100

// validMediaPath reports whether a path names a file in the images folder of a module, on every system.
func validMediaPath(mediaPath string) bool {
	name, ok := strings.CutPrefix(mediaPath, "images/")
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	return ok && markdown.LocalPath(mediaPath) && !strings.Contains(name, "/") && len(name) <= maxMediaName &&
		stem != "" && !strings.HasPrefix(name, "-") && !deviceName.MatchString(stem)
}

// addMedia hashes an image that a lesson shows and notes it with the document.
func (r *folderReader) addMedia(source *Source, mediaPath string, at place) {
	if slices.ContainsFunc(source.Document.Media, func(m MediaRef) bool { return m.Path == mediaPath }) {
		return
	}
	wrong := func(format string, args ...any) { r.errorf(at.file, at.line, format, args...) }
	mime := mediaType(mediaPath)
	switch {
	case mime == "":
		wrong("“%s” is neither a PNG nor a JPEG image", mediaPath)
		return
	case !validMediaPath(mediaPath):
		wrong("“%s” is not in the module's folder images, or its name has other characters than letters, digits, hyphen, dot and underscore", mediaPath)
		return
	}
	file, err := r.files.Open(path.Join(source.Folder, mediaPath))
	if errors.Is(err, fs.ErrNotExist) {
		wrong("there is no file “%s” in %s", mediaPath, source.Folder)
		return
	}
	if err != nil {
		wrong("“%s” cannot be read: %v", mediaPath, err)
		return
	}
	defer file.Close()
	seen, err := inspect(io.LimitReader(file, MaxImageBytes+1), mime)
	switch {
	case err != nil:
		wrong("“%s” cannot be read: %v", mediaPath, err)
		return
	case seen.size > MaxImageBytes:
		wrong("“%s” is larger than %d MiB", mediaPath, MaxImageBytes>>20)
		return
	case !seen.fits:
		wrong("“%s” is not the kind of image its name says", mediaPath)
		return
	case seen.width*seen.height > maxPixels:
		wrong("“%s” has %d × %d pixels; an old PC cannot draw more than %d million", mediaPath, seen.width, seen.height, maxPixels/1_000_000)
		return
	case seen.damaged:
		r.warnf(at.file, at.line, "“%s” is damaged and will not be shown", mediaPath)
	case seen.size > largeImageBytes:
		r.warnf(at.file, at.line, "“%s” has %d MiB; make it smaller, or it fills sticks and takes long to draw", mediaPath, seen.size>>20)
	}
	source.Document.Media = append(source.Document.Media, MediaRef{Path: mediaPath, SHA256: hex.EncodeToString(seen.sum), Size: seen.size, MIME: mime})
}

// inspected is what is known of an image file after one reading.
type inspected struct {
	size          int64
	sum           []byte
	fits          bool // it starts as files of its type do
	damaged       bool // and yet its size in pixels cannot be read
	width, height int64
}

func inspect(r io.Reader, mime string) (inspected, error) {
	hash, count, head := sha256.New(), &counter{}, &headWriter{}
	tee := io.TeeReader(r, io.MultiWriter(hash, count, head))
	decode, magic := png.DecodeConfig, []byte("\x89PNG\r\n\x1a\n")
	if mime == typeJPEG {
		decode, magic = jpeg.DecodeConfig, []byte{0xff, 0xd8, 0xff}
	}
	var config image.Config
	var seen inspected
	config, err := decode(tee)
	seen.damaged = err != nil
	seen.width, seen.height = int64(config.Width), int64(config.Height)
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return inspected{}, err
	}
	seen.size, seen.sum, seen.fits = count.bytes, hash.Sum(nil), bytes.HasPrefix(head.kept, magic)
	return seen, nil
}

type counter struct{ bytes int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}

// headWriter keeps the first bytes of what is written.
type headWriter struct{ kept []byte }

func (w *headWriter) Write(p []byte) (int, error) {
	if room := 16 - len(w.kept); room > 0 {
		w.kept = append(w.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// unusedMedia points out images that no lesson shows; they do not travel.
func (r *folderReader) unusedMedia(source *Source) {
	folded := map[string]string{}
	for _, file := range r.glob(source.Folder + "/images/*") {
		relative := strings.TrimPrefix(file, source.Folder+"/")
		if !slices.ContainsFunc(source.Document.Media, func(m MediaRef) bool { return m.Path == relative }) {
			r.warnf(file, 0, "no lesson shows this file, so it is left out")
		}
		if other := folded[strings.ToLower(relative)]; other != "" {
			r.errorf(file, 0, "its name differs from “%s” in capital letters only; on some systems they are one file", other)
		}
		folded[strings.ToLower(relative)] = relative
	}
	slices.SortFunc(source.Document.Media, func(a, b MediaRef) int { return strings.Compare(a.Path, b.Path) })
}
