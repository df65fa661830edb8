package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Row is what a list shows in one row. Texts that do not fit end with "…"; the whole of them belongs into a detail pane.
type Row struct {
	Title  string
	Detail string // the second line
	Side   string // at the right: a date, a state in a word
	Tone   Tone   // of Side
	Icon   fyne.Resource
}

// List is a list of any length with rows of one height. Chosen by pointer, or by arrow keys and Space or Return.
type List struct {
	widget.List
	row   func(i int) Row
	lines int
}

// NewList makes a list with two lines in a row. row must be quick: it is asked while drawing. chosen may be nil.
func NewList(count func() int, row func(i int) Row, chosen func(i int)) *List {
	return newList(2, count, row, chosen)
}

// NewShortList makes a list with one line in a row.
func NewShortList(count func() int, row func(i int) Row, chosen func(i int)) *List {
	return newList(1, count, row, chosen)
}

func newList(lines int, count func() int, row func(i int) Row, chosen func(i int)) *List {
	l := &List{row: row, lines: lines}
	l.Length = count
	l.CreateItem = func() fyne.CanvasObject { return newRowView(lines) }
	l.UpdateItem = func(i widget.ListItemID, item fyne.CanvasObject) {
		view, ok := item.(*rowView)
		if ok && i >= 0 && i < count() {
			view.set(row(i))
		}
	}
	l.OnSelected = func(i widget.ListItemID) {
		if chosen != nil && i >= 0 && i < count() {
			chosen(i)
		}
	}
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey moves through the rows.
func (l *List) TypedKey(key *fyne.KeyEvent) {
	if passKey(l, key) {
		return
	}
	if key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter {
		key = &fyne.KeyEvent{Name: fyne.KeySpace}
	}
	l.List.TypedKey(key)
}

type rowView struct {
	Composite
	icon                *widget.Icon
	title, detail, side *widget.Label
}

func newRowView(lines int) *rowView {
	v := &rowView{icon: widget.NewIcon(nil), title: widget.NewLabel(""), detail: widget.NewLabel(""), side: widget.NewLabel("")}
	v.title.Truncation = fyne.TextTruncateEllipsis
	v.detail.Truncation = fyne.TextTruncateEllipsis
	v.detail.SizeName = theme.SizeNameCaptionText
	v.side.SizeName = theme.SizeNameCaptionText
	v.icon.Hide()
	texts := container.New(layout.NewCustomPaddedVBoxLayout(-1.6*theme.InnerPadding()), v.title)
	if lines > 1 {
		v.title.TextStyle.Bold = true
		texts.Add(v.detail)
	}
	v.init(v, container.NewBorder(nil, nil, v.icon, container.NewCenter(v.side), texts))
	return v
}

func (v *rowView) set(row Row) {
	v.title.SetText(row.Title)
	v.detail.SetText(row.Detail)
	v.side.Importance = row.Tone.importance()
	v.side.SetText(row.Side)
	if row.Icon != nil {
		v.icon.SetResource(row.Icon)
		v.icon.Show()
	} else {
		v.icon.Hide()
	}
	v.Refresh()
}

// ListAndDetail puts a list beside what is chosen in it.
func ListAndDetail(list, detail fyne.CanvasObject) *container.Split {
	split := container.NewHSplit(list, detail)
	split.SetOffset(0.36)
	return split
}

// TableColumn is a column of a table.
type TableColumn struct {
	Title string
	Right bool    // numbers and sizes
	Share float32 // of the width, in relation to the other columns; 0 counts as 1
}

// Table is a table of any length that fills its width. Cells are one line each.
type Table struct {
	Composite
	list *tableList
}

type tableList struct{ List }

// NewTable makes a table. chosen may be nil.
func NewTable(columns []TableColumn, count func() int, cell func(row, column int) string, chosen func(row int)) *Table {
	t := &Table{list: &tableList{}}
	shares := tableLayout{}
	for _, c := range columns {
		share := c.Share
		if share <= 0 {
			share = 1
		}
		shares = append(shares, share)
	}
	line := func(bold bool) *fyne.Container {
		cells := container.New(shares)
		for _, c := range columns {
			label := widget.NewLabel("")
			label.Truncation = fyne.TextTruncateEllipsis
			label.TextStyle.Bold = bold
			if c.Right {
				label.Alignment = fyne.TextAlignTrailing
			}
			cells.Add(label)
		}
		return cells
	}
	fill := func(cells *fyne.Container, text func(i int) string) {
		for i, o := range cells.Objects {
			if label, ok := o.(*widget.Label); ok {
				label.SetText(text(i))
			}
		}
	}
	head := line(true)
	fill(head, func(i int) string { return columns[i].Title })
	t.list.Length = count
	t.list.CreateItem = func() fyne.CanvasObject { return line(false) }
	t.list.UpdateItem = func(row widget.ListItemID, item fyne.CanvasObject) {
		if cells, ok := item.(*fyne.Container); ok && row >= 0 && row < count() {
			fill(cells, func(i int) string { return cell(row, i) })
		}
	}
	t.list.OnSelected = func(row widget.ListItemID) {
		if chosen != nil && row >= 0 && row < count() {
			chosen(row)
		}
	}
	t.list.ExtendBaseWidget(t.list)
	t.init(t, container.NewBorder(container.NewVBox(head, widget.NewSeparator()), nil, nil, nil, t.list))
	return t
}

// Refresh asks for all cells again.
func (t *Table) Refresh() {
	t.list.Refresh()
	t.BaseWidget.Refresh()
}

// Select chooses a row.
func (t *Table) Select(row int) { t.list.Select(row) }

// UnselectAll chooses none.
func (t *Table) UnselectAll() { t.list.UnselectAll() }

// tableLayout shares a width out.
type tableLayout []float32

func (l tableLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return fyne.NewSize(size.Width*float32(len(l)), size.Height)
}

func (l tableLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	sum := float32(0)
	for _, share := range l {
		sum += share
	}
	x := float32(0)
	for i, o := range objects {
		wide := size.Width * l[i] / sum
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(wide, size.Height))
		x += wide
	}
}

// Facts are names and values in two columns.
func Facts(pairs ...string) fyne.CanvasObject {
	grid := container.New(layout.NewFormLayout())
	for i := 0; i+1 < len(pairs); i += 2 {
		name := widget.NewLabel(pairs[i])
		name.TextStyle.Bold = true
		grid.Add(name)
		grid.Add(Text(pairs[i+1]))
	}
	return grid
}
