package bundle

import (
	"slices"
	"strings"
	"unicode"
)

// CheckPath reports whether path may name an entry. The rule is the same on every system: one or more parts joined by "/",
// each of letters A–Z and a–z, digits, ".", "_" and "-", starting with a letter, a digit or "_", not ending in ".", and no
// name that Windows gives to a device. Each kind of offence has its own refusal.
func CheckPath(path string) error {
	if err := checkCharacters(path); err != nil {
		return about(err, "entry", path)
	}
	if len(path) > MaxPathLength {
		return about(ErrNameTooLong, "entry", path)
	}
	parts := strings.Split(path, "/")
	if len(parts) > MaxPathParts {
		return about(ErrNameTooLong, "entry", path)
	}
	for _, part := range parts {
		if err := checkPart(part); err != nil {
			return about(err, "entry", path)
		}
	}
	switch strings.ToLower(path) {
	case ManifestName, SignatureName:
		return about(ErrNameReserved, "entry", path)
	case strings.ToLower(SumsName):
		if path != SumsName {
			return about(ErrNameReserved, "entry", path)
		}
	}
	return nil
}

// checkCharacters finds what is wrong with a path as a whole, the most telling offence first.
func checkCharacters(path string) *Refusal {
	if path == "" {
		return ErrNameEmpty
	}
	for _, r := range path {
		if unicode.Is(unicode.Bidi_Control, r) {
			return ErrNameBidi
		}
	}
	for _, r := range path {
		if r > unicode.MaxASCII {
			return ErrNameLookAlike
		}
	}
	isLetter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	switch {
	case strings.Contains(path, `\`):
		return ErrNameBackslash
	case len(path) >= 2 && isLetter(path[0]) && path[1] == ':':
		return ErrNameDrive
	case strings.Contains(path, ":"):
		return ErrNameStream
	case strings.HasPrefix(path, "/"):
		return ErrNameAbsolute
	}
	return nil
}

func checkPart(part string) *Refusal {
	switch {
	case part == "":
		return ErrNameEmpty
	case part == "..":
		return ErrNameParent
	case len(part) > MaxPartLength:
		return ErrNameTooLong
	case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " "):
		return ErrNameTrailing
	case isDevice(part):
		return ErrNameDevice
	case part[0] == '.' || part[0] == '-':
		return ErrNameCharacter
	}
	for _, r := range part {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return ErrNameCharacter
		}
	}
	return nil
}

// isDevice reports whether Windows would open a device instead of a file, whatever the extension.
func isDevice(part string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(part), ".")
	stem = strings.TrimRight(stem, " ")
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"}, stem) {
		return true
	}
	number, isPort := strings.CutPrefix(stem, "COM")
	if !isPort {
		number, isPort = strings.CutPrefix(stem, "LPT")
	}
	return isPort && len(number) == 1 && number[0] >= '0' && number[0] <= '9'
}

// checkPaths checks each path and that all of them can stand side by side on a file system that ignores case. They must be
// in ascending order, so that there is one way to list them.
func checkPaths(paths []string) error {
	type use struct {
		spelled string
		folder  bool
	}
	seen := map[string]use{}
	for i, path := range paths {
		if err := CheckPath(path); err != nil {
			return err
		}
		// Every folder on the way and then the file itself claims its spelling.
		for end := 0; end < len(path); {
			next := strings.IndexByte(path[end:], '/')
			folder := next >= 0
			if folder {
				end += next
			} else {
				end = len(path)
			}
			spelled := path[:end]
			before, used := seen[strings.ToLower(spelled)]
			switch {
			case !used:
				seen[strings.ToLower(spelled)] = use{spelled, folder}
			case before.spelled != spelled:
				return about(ErrNameCaseDuplicate, "entry", path)
			case before.folder != folder:
				return about(ErrNameFileAndFolder, "entry", path)
			case !folder:
				return about(ErrNameDuplicate, "entry", path)
			}
			end++
		}
		if i > 0 && paths[i-1] > path {
			return about(ErrNamesUnsorted, "entry", path)
		}
	}
	return nil
}
