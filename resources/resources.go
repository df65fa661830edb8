// Package resources holds what is built into the program: its icon, its texts, and the starter content.
package resources

import (
	"embed"
	"io/fs"
)

//go:embed icon/wardbook.png
var icon []byte

//go:embed translations/*.json
var translations embed.FS

//go:embed starter
var starter embed.FS

// Icon is the program's icon as a PNG.
func Icon() []byte { return icon }

// Translations holds one JSON file for each language, named by its tag.
func Translations() fs.FS { return folder(translations, "translations") }

// Starter is the starter content in the form of a content folder.
func Starter() fs.FS { return folder(starter, "starter") }

func folder(files embed.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		return files // cannot happen: the folder is embedded above
	}
	return sub
}
