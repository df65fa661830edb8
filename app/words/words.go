// Package words gives the texts of the window in the person's language. Every text has a key in
// resources/translations/en.json; a test compares the keys used with the keys there.
package words

import (
	"fmt"
	"io/fs"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

// Load makes the translations known. Call it once, before the first text is asked for.
func Load(translations fs.FS) error {
	names, err := fs.Glob(translations, "*.json")
	if err != nil {
		return fmt.Errorf("load the translations: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(translations, name)
		if err != nil {
			return fmt.Errorf("load the translations: %w", err)
		}
		if err := lang.AddTranslations(fyne.NewStaticResource(name, text)); err != nil {
			return fmt.Errorf("load the translations %s: %w", name, err)
		}
	}
	return nil
}

// Of returns the text of a key.
func Of(key string) string { return lang.X(key, key) }

// With returns the text of a key with its {{.Names}} filled in.
func With(key string, values map[string]any) string { return lang.X(key, key, values) }

// Named is With for names and values that follow each other: Named("greeting", "Name", name).
func Named(key string, pairs ...any) string {
	values := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			values[name] = pairs[i+1]
		}
	}
	return With(key, values)
}

// Count returns the text of a key for a number: the entry has the forms "one" and "other" and names {{.Count}}.
func Count(key string, count int) string {
	return lang.XN(key, key, count, map[string]any{"Count": count})
}

// Day writes a date so that it cannot be misread: 23 Nov 2026.
func Day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	t = t.Local()
	return fmt.Sprintf("%d %s %d", t.Day(), Of("month."+t.Format("01")), t.Year())
}

// DayOf writes a day that is stored as 2026-11-23; anything else is given back as it is.
func DayOf(day string) string {
	t, err := time.ParseInLocation(time.DateOnly, day, time.Local)
	if err != nil {
		return day
	}
	return Day(t)
}

// Moment writes a date and a time of day: 23 Nov 2026, 21:49.
func Moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return Day(t) + ", " + t.Local().Format("15:04")
}

// Size writes a number of bytes.
func Size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1000)
	case bytes < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1000/1000)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1000/1000/1000)
}

// In returns a text of content in the window's language, or in the one that it falls back to.
func In(text interface {
	In(language string) (string, bool)
},
) string {
	said, _ := text.In(Of("language.tag"))
	return said
}
