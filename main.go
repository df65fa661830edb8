// Command wardbook keeps training material and observation checklists for prison staff in an encrypted store, without
// a network. Without a command it opens its window; with one it does the same work headless.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"wardbook/app/command"
	"wardbook/app/shell"
	"wardbook/app/words"
	"wardbook/data/station"
	"wardbook/resources"
)

// version is the program's version; releases are tagged with it.
const version = "0.1.0"

const appID = "org.wardbook.Wardbook"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Run(ctx, command.Program{
		Version: version,
		Starter: resources.Starter(),
		Texts:   resources.Translations(),
		Window:  openWindow,
		Streams: command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
	}, os.Args[1:])
	stop()
	os.Exit(code)
}

var errNoGraphics = errors.New("this computer offers no OpenGL 2.1, which the window needs: update its graphics driver, or use the commands instead (wardbook --help)")

// openWindow runs the window until it is closed.
func openWindow(ctx context.Context, dataDir, bundle string) error {
	var opened *shell.Shell
	log.SetOutput(&shell.GraphicsGuard{Next: os.Stderr, Failed: func() {
		// Fyne would go on without a window for ever. Nobody can have signed in yet, so nothing is open but the folder.
		if opened != nil {
			opened.Abandon()
		}
		fmt.Fprintln(os.Stderr, errNoGraphics)
		os.Exit(command.ExitFailed)
	}})
	icon := fyne.NewStaticResource("wardbook.png", resources.Icon())
	fyneapp.SetMetadata(fyne.AppMetadata{
		ID: appID, Name: "Wardbook", Version: version, Icon: icon,
		Migrations: map[string]bool{"fyneDo": true}, // all work away from Fyne's thread comes back through the shell
	})
	app := fyneapp.NewWithID(appID)
	if err := words.Load(resources.Translations()); err != nil {
		return err
	}
	opened, err := shell.New(ctx, app, shell.Params{
		DataDir: dataDir, Bundle: bundle, Version: version, Starter: resources.Starter(),
		Options: station.Options{Program: version}, Icon: icon, Single: true,
	})
	if errors.Is(err, shell.ErrHandedOver) {
		fmt.Println("Wardbook is open already; its window takes over.")
		return nil
	}
	if err != nil {
		return err
	}
	closed := context.AfterFunc(ctx, func() { fyne.Do(opened.Close) })
	defer closed()
	opened.Window().ShowAndRun()
	return nil
}
