package shell

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Theme is the program's own look: calm, legible, text at least 4.5:1 against what is behind it (WCAG 2.2, 1.4.3).
type Theme struct {
	scale   float32 // of text and of the room around it
	variant string  // "light", "dark", or anything else for the system's
}

// NewTheme makes a theme; scale 1 is the standard text size.
func NewTheme(scale float32, variant string) *Theme {
	if scale < 0.75 || scale > 2.5 {
		scale = 1
	}
	return &Theme{scale: scale, variant: variant}
}

type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

// Fyne lays the colours for hover, focus and pressing over what is there, so these are veils: a full colour would hide
// the button below its own text.
func light() palette {
	return palette{
		theme.ColorNameBackground: rgb(0xfaf8f4), theme.ColorNameForeground: rgb(0x1d2427),
		theme.ColorNamePrimary: rgb(0x1f4e5f), theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
		theme.ColorNameButton: rgb(0xe7e2d8), theme.ColorNameDisabledButton: rgb(0xeeebe4),
		theme.ColorNameDisabled: rgb(0x62696c), theme.ColorNamePlaceHolder: rgb(0x5e6669),
		theme.ColorNameInputBackground: rgb(0xffffff), theme.ColorNameInputBorder: rgb(0x7d868a),
		theme.ColorNameHeaderBackground: rgb(0xefebe3), theme.ColorNameMenuBackground: rgb(0xffffff), theme.ColorNameOverlayBackground: rgb(0xffffff),
		theme.ColorNameSeparator: rgb(0xd5d0c6), theme.ColorNameScrollBar: rgb(0x7d868a), theme.ColorNameScrollBarBackground: rgb(0xefebe3),
		theme.ColorNameHyperlink: rgb(0x19526b), theme.ColorNameSelection: rgb(0xcfe1e6), theme.ColorNameFocus: {A: 0x2c},
		theme.ColorNameHover: {A: 0x18}, theme.ColorNamePressed: {A: 0x28},
		theme.ColorNameError: rgb(0x8c2418), theme.ColorNameForegroundOnError: rgb(0xffffff),
		theme.ColorNameSuccess: rgb(0x245236), theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
		theme.ColorNameWarning: rgb(0x6b4700), theme.ColorNameForegroundOnWarning: rgb(0xffffff),
		theme.ColorNameShadow: {A: 0x30},
	}
}

func dark() palette {
	return palette{
		theme.ColorNameBackground: rgb(0x171c1e), theme.ColorNameForeground: rgb(0xe9e6df),
		theme.ColorNamePrimary: rgb(0x8cc0cf), theme.ColorNameForegroundOnPrimary: rgb(0x0d1b20),
		theme.ColorNameButton: rgb(0x2b3336), theme.ColorNameDisabledButton: rgb(0x22292b),
		theme.ColorNameDisabled: rgb(0x9aa3a6), theme.ColorNamePlaceHolder: rgb(0xa3acaf),
		theme.ColorNameInputBackground: rgb(0x1f2628), theme.ColorNameInputBorder: rgb(0x7f8b8f),
		theme.ColorNameHeaderBackground: rgb(0x20272a), theme.ColorNameMenuBackground: rgb(0x20272a), theme.ColorNameOverlayBackground: rgb(0x20272a),
		theme.ColorNameSeparator: rgb(0x364043), theme.ColorNameScrollBar: rgb(0x7f8b8f), theme.ColorNameScrollBarBackground: rgb(0x20272a),
		theme.ColorNameHyperlink: rgb(0x8fc7e0), theme.ColorNameSelection: rgb(0x2d4a54), theme.ColorNameFocus: {R: 0xff, G: 0xff, B: 0xff, A: 0x2c},
		theme.ColorNameHover: {R: 0xff, G: 0xff, B: 0xff, A: 0x18}, theme.ColorNamePressed: {R: 0xff, G: 0xff, B: 0xff, A: 0x30},
		theme.ColorNameError: rgb(0xf0a398), theme.ColorNameForegroundOnError: rgb(0x2a0d08),
		theme.ColorNameSuccess: rgb(0x94cfa8), theme.ColorNameForegroundOnSuccess: rgb(0x0c2415),
		theme.ColorNameWarning: rgb(0xe8c27a), theme.ColorNameForegroundOnWarning: rgb(0x2a1d02),
		theme.ColorNameShadow: {A: 0x80},
	}
}

// Color gives a colour; names that the palette lacks come from Fyne's own theme.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch t.variant {
	case "light":
		variant = theme.VariantLight
	case "dark":
		variant = theme.VariantDark
	}
	chosen := light()
	if variant == theme.VariantDark {
		chosen = dark()
	}
	if c, ok := chosen[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font gives Fyne's own fonts.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

// Icon gives Fyne's own icons.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size gives a size in Fyne's units, text and what belongs to it scaled.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	size := theme.DefaultTheme().Size(name)
	switch name {
	case theme.SizeNameText:
		size = 14
	case theme.SizeNameHeadingText:
		size = 22
	case theme.SizeNameSubHeadingText:
		size = 17
	case theme.SizeNameCaptionText:
		size = 12
	case theme.SizeNameInlineIcon:
	case theme.SizeNameModalBlurRadius:
		return 0 // blurring what is behind a dialog costs a quarter of a core under software OpenGL
	case theme.SizeNameScrollBar:
		return 12
	case theme.SizeNameScrollBarSmall:
		return 6
	default:
		return size
	}
	return size * t.scale
}
