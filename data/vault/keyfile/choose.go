package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
)

// ReadStoreKey reads a store's key file and returns the whole copy with the highest counter. repair says that the two
// copies were not equal and the other one should be replaced once the chosen one has proved to be current.
func (f *Folder) ReadStoreKey(store string) (file StoreKeyFile, repair bool, err error) {
	return f.readStoreKey(store, StoreKeyName(store))
}

// ReadNextStoreKey reads the key file of a change of the store's key that is not finished.
func (f *Folder) ReadNextStoreKey(store string) (StoreKeyFile, error) {
	file, _, err := f.readStoreKey(store, NextStoreKeyName(store))
	return file, err
}

func (f *Folder) readStoreKey(store, name string) (file StoreKeyFile, repair bool, err error) {
	copies, err := f.Read(name)
	if err != nil {
		return StoreKeyFile{}, false, err
	}
	found := false
	problems := copies.Problem
	for i, content := range copies.Content {
		if problems[i] != nil {
			continue
		}
		parsed, err := ParseStoreKey(content)
		if err == nil && parsed.Store != store {
			err = fmt.Errorf("%w: it belongs to the store %s", ErrDamaged, parsed.Store)
		}
		if problems[i] = err; err != nil {
			continue
		}
		if !found || parsed.Counter > file.Counter {
			file, found = parsed, true
		}
	}
	if !found {
		return StoreKeyFile{}, false, bothDamaged("the "+store+" key file", problems)
	}
	return file, !copies.Same(), nil
}

// ReadNames reads the list of names: the first whole copy of it.
func (f *Folder) ReadNames() (names Names, repair bool, err error) {
	copies, err := f.Read(NamesFile)
	if err != nil {
		return Names{}, false, err
	}
	problems := copies.Problem
	for i, content := range copies.Content {
		if problems[i] != nil {
			continue
		}
		if names, problems[i] = ParseNames(content); problems[i] == nil {
			return names, !copies.Same(), nil
		}
	}
	return Names{}, false, bothDamaged("the list of accounts", problems)
}

// OpenedAccount is an account file that a passphrase opened.
type OpenedAccount struct {
	Account
	Raw    []byte
	Repair bool // the copies were not equal: replace the other one once this one has proved to be current
}

// OpenAccount opens the account file name with the passphrase. Where the copies differ, both are tried, so that a change
// of the passphrase which was interrupted leaves a way in. sum is the checksum that the list of names has, or empty.
func (f *Folder) OpenAccount(name, passphrase, sum string, cost Cost) (OpenedAccount, error) {
	copies, err := f.Read(name)
	if err != nil {
		return OpenedAccount{}, err
	}
	wrong, recorded := false, sum == ""
	problems := copies.Problem
	for i, content := range copies.Content {
		if problems[i] != nil || (i == 1 && copies.Same()) {
			continue
		}
		account, err := OpenAccount(content, passphrase, cost)
		if err == nil {
			return OpenedAccount{Account: account, Raw: content, Repair: !copies.Same()}, nil
		}
		problems[i] = err
		wrong = wrong || errors.Is(err, ErrWrongPassphrase)
		recorded = recorded || Sum(content) == sum
	}
	switch {
	case wrong && recorded:
		return OpenedAccount{}, ErrWrongPassphrase
	case wrong:
		return OpenedAccount{}, fmt.Errorf("%w, or its file is damaged: neither copy of it is the one that was recorded (%w)",
			ErrWrongPassphrase, ErrDamaged)
	}
	return OpenedAccount{}, bothDamaged("the account file", problems)
}

// bothDamaged is the sentence for a key file of which no copy can be used. A work factor of somebody else's making keeps
// its own error.
func bothDamaged(what string, problems [2]error) error {
	for _, p := range problems {
		if errors.Is(p, ErrWorkFactor) {
			return p
		}
	}
	describe := func(err error) string {
		switch {
		case err == nil:
			return "equal to the first"
		case errors.Is(err, fs.ErrNotExist):
			return "missing"
		}
		return err.Error()
	}
	return fmt.Errorf("%w: both copies of %s cannot be used (keys: %s; keys-copy: %s)",
		ErrDamaged, what, describe(problems[0]), describe(problems[1]))
}
