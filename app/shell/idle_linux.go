package shell

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/screensaver"
	"github.com/jezek/xgb/xproto"
)

// systemIdle asks the X server, whose screen saver extension counts every key and every move of the mouse. Without an
// X server, as under Wayland alone, nothing is known.
func systemIdle() (time.Duration, bool) {
	return xIdle()()
}

// xIdle keeps one connection for the life of the program.
var xIdle = sync.OnceValue(func() IdleClock {
	unknown := func() (time.Duration, bool) { return 0, false }
	if os.Getenv("DISPLAY") == "" || os.Getenv("WAYLAND_DISPLAY") != "" {
		return unknown
	}
	xgb.Logger.SetOutput(io.Discard) // it reports at length what only means that nothing is known
	connection, err := xgb.NewConn()
	if err != nil {
		return unknown
	}
	if err := screensaver.Init(connection); err != nil {
		connection.Close()
		return unknown
	}
	root := xproto.Drawable(xproto.Setup(connection).DefaultScreen(connection).Root)
	return func() (time.Duration, bool) {
		info, err := screensaver.QueryInfo(connection, root).Reply()
		if err != nil {
			return 0, false
		}
		return time.Duration(info.MsSinceUserInput) * time.Millisecond, true
	}
})
