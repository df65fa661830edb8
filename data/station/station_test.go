package station_test

import (
	"context"
	"testing"

	"wardbook/data/account"
	"wardbook/data/station/stationtest"
)

func TestSmoke(t *testing.T) {
	st, s := stationtest.New(t, account.RoleTrainer)
	stationtest.Add(t, s, "bo", account.RoleOfficer)
	r, err := s.Log().Verify(context.Background())
	t.Log(r, err)
	s = stationtest.SignIn(t, st, "bo")
	i, err := s.Info(context.Background())
	t.Logf("%+v %v", i, err)
	p, err := s.Check(context.Background())
	t.Log(p, err)
}
