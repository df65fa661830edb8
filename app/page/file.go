package page

import (
	"io"
	"os"
)

// WriteFile writes a file whole, to the place that the person chose, or leaves nothing behind.
func WriteFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(path) // the first error says what happened
	}
	return err
}
