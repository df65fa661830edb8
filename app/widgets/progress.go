package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
)

// Progress shows how far a piece of work has come, and lets it be cancelled.
type Progress struct {
	Composite
	stage   *widget.Label
	bar     *widget.ProgressBar
	waiting *widget.ProgressBarInfinite
	cancel  *Button
}

// NewProgress makes a progress pane. cancel is called once at most; without one the work cannot be cancelled.
func NewProgress(title string, cancel func()) *Progress {
	p := &Progress{stage: widget.NewLabel(words.Of("widget.loading")), bar: widget.NewProgressBar(), waiting: widget.NewProgressBarInfinite()}
	p.stage.Truncation = fyne.TextTruncateEllipsis
	p.bar.Hide()
	lines := container.NewVBox(Heading(title), p.stage, container.NewStack(p.bar, p.waiting))
	if cancel != nil {
		p.cancel = NewButton(words.Of("widget.cancel"), func() {
			p.cancel.Disable()
			p.stage.SetText(words.Of("widget.cancelling"))
			cancel()
		})
		lines.Add(container.NewHBox(layout.NewSpacer(), p.cancel))
	}
	p.init(p, lines)
	return p
}

// Set shows the stage and how much of it is done, in any unit; total 0 means that nobody knows.
func (p *Progress) Set(stage string, done, total int64) {
	if p.cancel != nil && p.cancel.Disabled() {
		return // it says that it is being cancelled
	}
	p.stage.SetText(stage)
	if total <= 0 {
		p.bar.Hide()
		p.waiting.Show()
		return
	}
	p.waiting.Hide()
	p.bar.SetValue(float64(min(done, total)) / float64(total))
	p.bar.Show()
}

// Focusable is what can have the focus: the button that cancels, or nil.
func (p *Progress) Focusable() fyne.Focusable {
	if p.cancel == nil {
		return nil
	}
	return p.cancel
}

// Stop ends the animation; call it when the pane is taken away.
func (p *Progress) Stop() { p.waiting.Stop() }
