package widgets_test

import (
	"testing"
	"time"

	"wardbook/app/widgets"
)

var months = [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func TestADayIsReadAsTypedAndNeverGuessed(t *testing.T) {
	for typed, want := range map[string]string{
		"23 Nov 2026": "2026-11-23", "23 november 2026": "2026-11-23", "23nov2026": "2026-11-23", " 1. Feb 2025 ": "2025-02-01",
		"2026-11-23": "2026-11-23", "2026 1 3": "2026-01-03",
		"3/4/2026": "", "11/23/2026": "", "31 Feb 2026": "", "0 Jan 2026": "", "Nov 2026": "", "23 N 2026": "", "": "", "23 Nov 26": "", "x": "",
	} {
		got, ok := widgets.ParseDay(typed, months)
		if ok != (want != "") || ok && got.Format(time.DateOnly) != want {
			t.Errorf("%q was read as %v (%v), want %q", typed, got.Format(time.DateOnly), ok, want)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2026; day = day.AddDate(0, 0, 1) {
		if got, ok := widgets.ParseDay(widgets.FormatDay(day, months), months); !ok || !got.Equal(day) {
			t.Fatalf("%v came back as %v", day, got)
		}
	}
}
