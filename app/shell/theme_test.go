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

func TestTextStandsOutFromWhatIsBehindIt(t *testing.T) {
	behind := []fyne.ThemeColorName{
		theme.ColorNameBackground, theme.ColorNameInputBackground, theme.ColorNameHeaderBackground, theme.ColorNameMenuBackground,
		theme.ColorNameOverlayBackground, theme.ColorNameButton, theme.ColorNameHover, theme.ColorNameSelection,
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
				if got := contrast(look.Color(text, variant), look.Color(background, variant)); got < 4.5 {
					t.Errorf("%s: %s on %s has the contrast %.2f, want at least 4.5", name, text, background, got)
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
