package shell

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// luminance follows WCAG 2.2, relative luminance.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// over lays a veil over a colour, as Fyne does.
func over(veil, below color.Color) color.Color {
	r1, g1, b1, a := veil.RGBA()
	r2, g2, b2, _ := below.RGBA()
	mix := func(top, bottom uint32) uint8 { return uint8((top + bottom*(0xffff-a)/0xffff) >> 8) }
	return color.NRGBA{R: mix(r1, r2), G: mix(g1, g2), B: mix(b1, b2), A: 0xff}
}

// isButton tells what is pressed and hovered.
func isButton(name fyne.ThemeColorName) bool {
	switch name {
	case theme.ColorNameButton, theme.ColorNamePrimary, theme.ColorNameError, theme.ColorNameSuccess, theme.ColorNameWarning, theme.ColorNameBackground:
		return true
	}
	return false
}

func TestTextStandsOutFromWhatIsBehindIt(t *testing.T) {
	behind := []fyne.ThemeColorName{
		theme.ColorNameBackground, theme.ColorNameInputBackground, theme.ColorNameHeaderBackground, theme.ColorNameMenuBackground,
		theme.ColorNameOverlayBackground, theme.ColorNameButton, theme.ColorNameSelection,
	}
	pairs := map[fyne.ThemeColorName][]fyne.ThemeColorName{
		theme.ColorNameForeground:          behind,
		theme.ColorNamePrimary:             {theme.ColorNameBackground, theme.ColorNameOverlayBackground, theme.ColorNameInputBackground},
		theme.ColorNameHyperlink:           {theme.ColorNameBackground, theme.ColorNameOverlayBackground},
		theme.ColorNamePlaceHolder:         {theme.ColorNameInputBackground, theme.ColorNameBackground},
		theme.ColorNameDisabled:            {theme.ColorNameBackground, theme.ColorNameDisabledButton, theme.ColorNameInputBackground},
		theme.ColorNameForegroundOnPrimary: {theme.ColorNamePrimary},
		theme.ColorNameForegroundOnError:   {theme.ColorNameError},
		theme.ColorNameForegroundOnSuccess: {theme.ColorNameSuccess},
		theme.ColorNameForegroundOnWarning: {theme.ColorNameWarning},
		theme.ColorNameError:               {theme.ColorNameBackground, theme.ColorNameOverlayBackground},
		theme.ColorNameWarning:             {theme.ColorNameBackground, theme.ColorNameOverlayBackground},
		theme.ColorNameSuccess:             {theme.ColorNameBackground, theme.ColorNameOverlayBackground},
	}
	for name, variant := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		look := NewTheme(1, name)
		for text, backgrounds := range pairs {
			for _, background := range backgrounds {
				for _, veil := range []fyne.ThemeColorName{"", theme.ColorNameHover, theme.ColorNameFocus, theme.ColorNamePressed} {
					behind := look.Color(background, variant)
					if veil != "" {
						behind = over(look.Color(veil, variant), behind)
					}
					if text == theme.ColorNamePlaceHolder || text == theme.ColorNameDisabled || background == theme.ColorNameSelection {
						behind = look.Color(background, variant) // these are never hovered
					}
					if got := contrast(look.Color(text, variant), behind); got < 4.5 && (veil == "" || isButton(background)) {
						t.Errorf("%s: %s on %s under %q has the contrast %.2f, want at least 4.5", name, text, background, veil, got)
					}
				}
			}
		}
	}
}

func TestTheChosenThemeDoesNotFollowTheSystem(t *testing.T) {
	if NewTheme(1, "dark").Color(theme.ColorNameBackground, theme.VariantLight) != color.Color(dark()[theme.ColorNameBackground]) {
		t.Error("the dark theme is light on a light system")
	}
	if NewTheme(1, "system").Color(theme.ColorNameBackground, theme.VariantLight) != color.Color(light()[theme.ColorNameBackground]) {
		t.Error("the system's theme is not followed")
	}
}

func TestTextSizeScalesTextAndNothingAbsurd(t *testing.T) {
	if got, want := NewTheme(1.5, "").Size(theme.SizeNameText), NewTheme(1, "").Size(theme.SizeNameText)*1.5; got != want {
		t.Errorf("text has the size %v, want %v", got, want)
	}
	if NewTheme(40, "").Size(theme.SizeNameText) != NewTheme(1, "").Size(theme.SizeNameText) {
		t.Error("an absurd scale is taken")
	}
}
