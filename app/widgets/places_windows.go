package widgets

import (
	"golang.org/x/sys/windows"

	"wardbook/app/words"
)

// places lists the drives, removable ones first, and then the person's own folders.
func places() []Place {
	mask, err := windows.GetLogicalDrives()
	if err != nil {
		return personal()
	}
	var removable, fixed []Place
	for i := range 26 {
		if mask&(1<<i) == 0 {
			continue
		}
		path := string(rune('A'+i)) + `:\`
		wide, err := windows.UTF16PtrFromString(path)
		if err != nil {
			continue
		}
		switch windows.GetDriveType(wide) {
		case windows.DRIVE_REMOVABLE:
			removable = append(removable, Place{Name: words.With("widget.file.stick", map[string]any{"Drive": path}), Path: path, Removable: true})
		case windows.DRIVE_FIXED, windows.DRIVE_REMOTE, windows.DRIVE_CDROM:
			fixed = append(fixed, Place{Name: words.With("widget.file.drive", map[string]any{"Drive": path}), Path: path})
		}
	}
	return append(append(removable, personal()...), fixed...)
}
