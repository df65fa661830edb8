package shell

import (
	"os"
	"path/filepath"
)

// dataDir is the data folder to open: the one that was asked for, the one of last time, or the usual one.
func (s *Shell) dataDir() string {
	if s.params.DataDir != "" {
		return s.params.DataDir
	}
	if last := s.app.Preferences().String(prefDataDir); last != "" {
		return last
	}
	return UsualDataDir()
}

// UsualDataDir is where the data folder lies unless somebody decides otherwise: one for each account of the operating
// system.
func UsualDataDir() string {
	base, err := os.UserConfigDir()
	if err != nil {
		return "wardbook-data"
	}
	return filepath.Join(base, "wardbook", "data")
}
