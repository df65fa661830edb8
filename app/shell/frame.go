package shell

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// frame is the outermost object of the window. Fields and buttons tell it when they are used (widgets.Window), which
// the idle watch counts where the operating system has no clock for it.
type frame struct {
	widget.BaseWidget
	inner fyne.CanvasObject
	used  func()
}

func newFrame(inner fyne.CanvasObject, used func()) *frame {
	f := &frame{inner: inner, used: used}
	f.ExtendBaseWidget(f)
	return f
}

// Used is told of every use.
func (f *frame) Used() { f.used() }

// CreateRenderer draws what is inside.
func (f *frame) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.inner) }
