// Command wardbook keeps training material and observation checklists for prison staff in an encrypted store.
package main

import (
	_ "aead.dev/minisign"
	_ "filippo.io/age"
	_ "fyne.io/fyne/v2/app"
	_ "fyne.io/fyne/v2/test"
	_ "fyne.io/fyne/v2/widget"
	_ "github.com/go-pdf/fpdf"
	_ "github.com/gofrs/flock"
	_ "github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/piglig/go-qr"
	_ "github.com/spf13/cobra"
	_ "github.com/trustelem/zxcvbn"
	_ "github.com/yuin/goldmark"
	_ "golang.org/x/crypto/chacha20poly1305"
	_ "golang.org/x/text/cases"
	_ "gopkg.in/yaml.v3"
	_ "pgregory.net/rapid"
)

func main() {}
