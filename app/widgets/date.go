package widgets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"wardbook/app/words"
)

// DateField takes a day as people type it and writes it so that it cannot be misread: 23 Nov 2026. Fyne's own field
// uses the locale's order of numbers, in which 3/4 means two days.
type DateField struct {
	Entry
	changed func(day string)
}

// NewDateField makes a field for a day. changed gets the day as 2026-11-23, or "" while what stands there is no day; it
// may be nil.
func NewDateField(changed func(day string)) *DateField {
	d := &DateField{changed: changed}
	d.ExtendBaseWidget(d)
	d.SetPlaceHolder(words.Of("widget.date.example"))
	d.OnChanged = func(string) {
		if d.changed != nil {
			d.changed(d.Day())
		}
	}
	d.Validator = func(typed string) error {
		if _, ok := ParseDay(typed, months()); !ok && strings.TrimSpace(typed) != "" {
			return errors.New(words.Of("widget.date.wrong"))
		}
		return nil
	}
	return d
}

// Day is the day that stands in the field, as 2026-11-23, or "".
func (d *DateField) Day() string {
	day, ok := ParseDay(d.Text, months())
	if !ok {
		return ""
	}
	return day.Format(time.DateOnly)
}

// SetDay shows a day given as 2026-11-23; anything else empties the field.
func (d *DateField) SetDay(day string) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		d.SetText("")
		return
	}
	d.SetText(FormatDay(t, months()))
}

// FocusLost rewrites what was typed in the one form.
func (d *DateField) FocusLost() {
	d.Entry.FocusLost()
	if day, ok := ParseDay(d.Text, months()); ok && d.Text != FormatDay(day, months()) {
		d.SetText(FormatDay(day, months()))
	}
}

// months are the short names in the person's language.
func months() [12]string {
	var names [12]string
	for i := range names {
		names[i] = words.Of(fmt.Sprintf("month.%02d", i+1))
	}
	return names
}

// FormatDay writes a day as 23 Nov 2026.
func FormatDay(day time.Time, months [12]string) string {
	return fmt.Sprintf("%d %s %d", day.Day(), months[day.Month()-1], day.Year())
}

// ParseDay reads "23 Nov 2026", "23 november 2026", "2026-11-23" and the same without spaces between letters and
// digits. Numbers alone in another order are refused: 3/4/2026 means two days.
func ParseDay(typed string, months [12]string) (time.Time, bool) {
	fields := splitDay(typed)
	if len(fields) != 3 {
		return time.Time{}, false
	}
	var day, month, year int
	var err [3]error
	if len(fields[0]) == 4 {
		year, err[0] = strconv.Atoi(fields[0])
		month, err[1] = strconv.Atoi(fields[1])
		day, err[2] = strconv.Atoi(fields[2])
	} else {
		day, err[0] = strconv.Atoi(fields[0])
		month = monthNamed(fields[1], months)
		year, err[2] = strconv.Atoi(fields[2])
	}
	if errors.Join(err[:]...) != nil || year < 1900 || year > 2200 || month < 1 || month > 12 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == day && int(t.Month()) == month
}

// splitDay cuts what was typed into runs of digits and of letters, in lower case.
func splitDay(typed string) []string {
	const none, digit, letter = 0, 1, 2
	var fields []string
	var current []rune
	kind := none
	flush := func() {
		if len(current) > 0 {
			fields = append(fields, strings.ToLower(string(current)))
		}
		current = nil
	}
	for _, r := range typed {
		next := none
		switch {
		case unicode.IsDigit(r):
			next = digit
		case unicode.IsLetter(r):
			next = letter
		}
		if next != kind {
			flush()
		}
		if next != none {
			current = append(current, r)
		}
		kind = next
	}
	flush()
	return fields
}

func monthNamed(name string, months [12]string) int {
	if len([]rune(name)) < 3 {
		return 0
	}
	for i, month := range months {
		short := strings.ToLower(month)
		if strings.HasPrefix(name, short) || strings.HasPrefix(short, name) {
			return i + 1
		}
	}
	return 0
}
