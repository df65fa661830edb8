package shell

import (
	"bytes"
	"io"
	"sync"
)

// GraphicsGuard is where the log goes. Without OpenGL 2.1, Fyne only writes to the log and leaves a process without a
// window behind, which would hold the data folder for ever: the guard notices what Fyne writes and calls Failed once.
type GraphicsGuard struct {
	Next   io.Writer // may fail: a Windows program has no standard error
	Failed func()

	mu     sync.Mutex
	failed bool
}

// Fyne's words for it (internal/driver/glfw, read in 2.8.0): no OpenGL, and no display at all.
func windowFailed(line []byte) bool {
	return bytes.Contains(line, []byte("window creation error")) || bytes.Contains(line, []byte("failed to initialise GLFW"))
}

// Write passes the line on.
func (g *GraphicsGuard) Write(line []byte) (int, error) {
	if g.Next != nil {
		_, _ = g.Next.Write(line) // there is nowhere to report a log that cannot be written
	}
	g.mu.Lock()
	first := !g.failed && windowFailed(line)
	g.failed = g.failed || first
	g.mu.Unlock()
	if first && g.Failed != nil {
		g.Failed()
	}
	return len(line), nil
}
