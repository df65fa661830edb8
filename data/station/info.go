package station

import (
	"context"
	"errors"
	"fmt"

	"wardbook/data/account"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
)

// Info describes the data folder as this session sees it.
type Info struct {
	Dir               string
	Workstation       Workstation
	Library           vault.Info
	Casework          *vault.Info // nil without the casework key
	Accounts          int         // active ones
	Administrators    int
	CaseworkPending   int      // accounts that wait for the casework key
	RekeyPending      []string // stores whose key is known to somebody who should not have it any more
	RecoveryConfirmed bool     // the recovery keys were typed back
	Repairs           []string // key files repaired at this sign-in
}

// NearlyFull names the open stores that are used so far that people should be warned (vault.WarnAt).
func (i Info) NearlyFull() []string {
	var names []string
	full := func(info vault.Info) bool {
		return float64(info.ImageBytes-info.FreeBytes) > vault.WarnAt*float64(info.CapBytes)
	}
	if full(i.Library) {
		names = append(names, account.Library)
	}
	if i.Casework != nil && full(*i.Casework) {
		names = append(names, account.Casework)
	}
	return names
}

// Info gathers what `store info` shows. Everybody signed in may see it.
func (s *Session) Info(ctx context.Context) (Info, error) {
	if err := s.open(); err != nil {
		return Info{}, err
	}
	roster, err := s.accounts.Roster(ctx)
	if err != nil {
		return Info{}, err
	}
	info := Info{Dir: s.station.dir, Workstation: s.workstation, Library: s.library.Info(), Repairs: s.Repairs()}
	if s.casework != nil {
		casework := s.casework.Info()
		info.Casework = &casework
	}
	for _, a := range roster.Accounts() {
		if !a.Active {
			continue
		}
		info.Accounts++
		if a.CaseworkAccess == account.CaseworkPending {
			info.CaseworkPending++
		}
		for _, r := range a.Roles {
			if r == account.RoleAdministrator {
				info.Administrators++
			}
		}
	}
	for _, store := range []string{account.Library, account.Casework} {
		if roster.RekeyPending(store) {
			info.RekeyPending = append(info.RekeyPending, store)
		}
	}
	info.RecoveryConfirmed, err = s.recoveryConfirmed(ctx)
	return info, err
}

// Check looks for damage: in the stores that this session has open, in the key files, in the statements about accounts,
// and in who may read the folder. It returns one sentence per problem.
func (s *Session) Check(ctx context.Context) ([]string, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	problems, err := s.library.Check(ctx)
	if err != nil {
		return nil, fmt.Errorf("checking the library: %w", err)
	}
	if s.casework != nil {
		more, err := s.casework.Check(ctx)
		if err != nil {
			return nil, fmt.Errorf("checking the casework store: %w", err)
		}
		problems = append(problems, more...)
	}
	more, err := s.checkKeyFiles(ctx)
	if err != nil {
		return nil, err
	}
	problems = append(problems, more...)
	open, err := tooOpen(s.station.dir)
	if err != nil {
		return nil, err
	}
	for _, path := range open {
		problems = append(problems, fmt.Sprintf("Others than the owner may read %s.", path))
	}
	return problems, nil
}

func (s *Session) checkKeyFiles(ctx context.Context) ([]string, error) {
	roster, err := s.accounts.Roster(ctx)
	if errors.Is(err, account.ErrStatements) {
		return []string{"The accounts of this library cannot be trusted: " + err.Error() + "."}, nil
	}
	if err != nil {
		return nil, err
	}
	var problems []string
	folder := s.station.folder
	for _, store := range []string{account.Library, account.Casework} {
		file, differ, err := folder.ReadStoreKey(store)
		switch {
		case err != nil:
			problems = append(problems, sentence(err))
			continue
		case differ:
			problems = append(problems, fmt.Sprintf("One of the two copies of the %s key file is damaged, missing or older.", store))
		}
		for _, extra := range roster.NoLongerAllowed(file.StoreKey) {
			problems = append(problems, fmt.Sprintf("The %s key file is still made for %s, who may not open that store; "+
				"it is made anew when somebody with that key signs in.", store, extra))
		}
	}
	names, differ, err := folder.ReadNames()
	if err != nil {
		return append(problems, sentence(err)), nil
	}
	if differ {
		problems = append(problems, "One of the two copies of the list of accounts is damaged or missing.")
	}
	for _, n := range names.Accounts {
		if !n.Active {
			continue
		}
		copies, err := folder.Read(n.File)
		switch {
		case err != nil:
			problems = append(problems, sentence(err))
		case !copies.Same():
			problems = append(problems, fmt.Sprintf("One of the two copies of the account file of %s is damaged or missing.", n.Name))
		case keyfile.Sum(copies.Content[0]) != n.Sum:
			problems = append(problems, fmt.Sprintf("The account file of %s is not the one that was recorded.", n.Name))
		}
	}
	return problems, nil
}

// sentence ends an error so that it stands among sentences.
func sentence(err error) string { return err.Error() + "." }
