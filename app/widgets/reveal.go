package widgets

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// Reveal scrolls whatever holds the object until the object can be seen. Fyne does not do that when the keyboard moves
// the focus. It looks through containers, scrolls, splits and this package's own widgets.
func Reveal(object fyne.CanvasObject) {
	c := canvasOf(object)
	if c == nil {
		return
	}
	var root fyne.CanvasObject = c.Content()
	if top := c.Overlays().Top(); top != nil {
		root = top
	}
	for _, scroll := range scrollsAround(root, object) {
		show(scroll, object)
	}
}

// scrollsAround lists the scrolls between an object and the root, the inner ones first.
func scrollsAround(root, object fyne.CanvasObject) []*container.Scroll {
	if root == object {
		return []*container.Scroll{}
	}
	for _, child := range childrenOf(root) {
		if child == nil {
			continue
		}
		if found := scrollsAround(child, object); found != nil {
			if scroll, ok := root.(*container.Scroll); ok {
				found = append(found, scroll)
			}
			return found
		}
	}
	return nil
}

// childrenOf looks into what can be looked into without its renderer.
func childrenOf(object fyne.CanvasObject) []fyne.CanvasObject {
	switch o := object.(type) {
	case *fyne.Container:
		return o.Objects
	case *container.Scroll:
		return []fyne.CanvasObject{o.Content}
	case *container.Split:
		return []fyne.CanvasObject{o.Leading, o.Trailing}
	case interface{ Inner() fyne.CanvasObject }:
		return []fyne.CanvasObject{o.Inner()}
	case fyne.Widget:
		return contentOf(o)
	}
	return nil
}

// contentOf looks into Fyne's own frames, such as pop-ups: what holds a dialog has a type that cannot be named here, but
// all of them keep what they frame in a field called Content.
func contentOf(w fyne.Widget) []fyne.CanvasObject {
	v := reflect.ValueOf(w)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	field := v.Elem().FieldByName("Content")
	if !field.IsValid() || !field.CanInterface() {
		return nil
	}
	content, ok := field.Interface().(fyne.CanvasObject)
	if !ok {
		return nil
	}
	return []fyne.CanvasObject{content}
}

func show(scroll *container.Scroll, object fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	at := driver.AbsolutePositionForObject(object).Subtract(driver.AbsolutePositionForObject(scroll.Content))
	margin := 2 * theme.Padding()
	offset := scroll.Offset
	top, bottom := at.Y-margin, at.Y+object.Size().Height+margin
	switch {
	case top < offset.Y || object.Size().Height > scroll.Size().Height:
		offset.Y = top
	case bottom > offset.Y+scroll.Size().Height:
		offset.Y = bottom - scroll.Size().Height
	}
	offset.Y = max(0, min(offset.Y, scroll.Content.Size().Height-scroll.Size().Height))
	if offset != scroll.Offset {
		scroll.ScrollToOffset(offset)
	}
}
