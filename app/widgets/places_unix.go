//go:build !windows

package widgets

import (
	"os"
	"path/filepath"
	"syscall"

	"wardbook/app/words"
)

// places lists the mounted sticks and disks first: where desktops mount them, and where people do by hand.
func places() []Place {
	list := mounted("/")
	list = append(list, personal()...)
	return append(list, Place{Name: words.Of("widget.file.computer"), Path: "/"})
}

func mounted(root string) []Place {
	var list []Place
	for _, pattern := range []string{"media/*", "media/*/*", "run/media/*/*", "mnt", "mnt/*", "Volumes/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			continue // a pattern written above is never malformed
		}
		for _, path := range found {
			if isMount(path) {
				list = append(list, Place{Name: filepath.Base(path), Path: path, Removable: true})
			}
		}
	}
	return list
}

// isMount reports whether a folder lies on another device than the one that holds it.
func isMount(path string) bool {
	inside, err := os.Stat(path)
	if err != nil || !inside.IsDir() {
		return false
	}
	outside, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return false
	}
	a, okA := inside.Sys().(*syscall.Stat_t)
	b, okB := outside.Sys().(*syscall.Stat_t)
	return okA && okB && a.Dev != b.Dev
}
