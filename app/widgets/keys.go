package widgets

import (
	"fmt"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	goqr "github.com/piglig/go-qr"

	"wardbook/app/words"
)

// quiet is the width of the white edge that a QR code needs, in modules (ISO/IEC 18004).
const quiet = 4

// QR draws a text as a QR code, black on white in every theme so that a telephone can read it. Without one, for a text
// that is too long, it says so.
func QR(text string, size float32) fyne.CanvasObject {
	code, err := goqr.EncodeText(text, goqr.Medium)
	if err != nil {
		return Small(words.Of("widget.qr.failed"))
	}
	modules := code.Size()
	raster := canvas.NewRasterWithPixels(func(x, y, width, height int) color.Color {
		module := min(width, height) / (modules + 2*quiet)
		if module < 1 {
			module = 1
		}
		edge := (min(width, height) - module*modules) / 2
		column, row := (x-edge)/module, (y-edge)/module
		if x >= edge && y >= edge && column < modules && row < modules && code.Module(column, row) {
			return color.Black
		}
		return color.White
	})
	raster.ScaleMode = canvas.ImageScalePixels
	raster.SetMinSize(fyne.NewSquareSize(size))
	return raster
}

// Fingerprint shows a key's fingerprint twice: in groups to compare with paper, and as words to read out.
func Fingerprint(fingerprint string, said []string) fyne.CanvasObject {
	lines := container.NewVBox(Mono(Groups(fingerprint, 4)))
	if len(said) > 0 {
		grid := container.NewGridWithColumns(4)
		for i, word := range said {
			grid.Add(widget.NewLabel(fmt.Sprintf("%d. %s", i+1, word)))
		}
		lines.Add(grid)
	}
	return lines
}

// Mono is wrapped text in a fixed width, such as a key to be written down. It can be selected.
func Mono(text string) fyne.CanvasObject {
	label := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	label.Wrapping = fyne.TextWrapWord
	label.Selectable = true
	return label
}

// Groups puts a space after every so many characters.
func Groups(text string, group int) string {
	var b strings.Builder
	for i, r := range []rune(strings.ReplaceAll(text, " ", "")) {
		if i > 0 && group > 0 && i%group == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
