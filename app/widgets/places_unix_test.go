//go:build !windows

package widgets

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestOnlyMountedFoldersCountAsSticks(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "media", "somebody", "NOT-MOUNTED"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := mounted(root); len(got) != 0 {
		t.Errorf("plain folders count as sticks: %v", got)
	}
	if runtime.GOOS == "linux" && !isMount("/proc") {
		t.Error("a mounted folder does not count")
	}
}
