package station

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"wardbook/data/account"
	"wardbook/data/audit"
)

// Values are the settings of the workstation, the same for every account.
type Values struct {
	IdleMinutes         int // until the window locks, 1 to 60
	CaseworkIdleMinutes int // the same while casework is open, 1 to 60 and not more than IdleMinutes
	ReviewMonths        int // from submitting a record to its review, 1 to 24
	RetentionMonths     int // from submitting a record to its deletion date, 1 to 120 and not less than ReviewMonths
	Language            string
}

// Personal is how one account likes the window.
type Personal struct {
	TextScale float32 // 0.75 to 2.5; 1 is normal
	Theme     string  // ThemeSystem, ThemeLight or ThemeDark
	Language  string  // empty: the workstation's
}

// Themes.
const (
	ThemeSystem = "system"
	ThemeLight  = "light"
	ThemeDark   = "dark"
)

// DefaultValues are the settings until somebody changes them. Review and deletion dates are required by LED 2016/680
// Art 5; which periods fit is the prison's decision.
func DefaultValues() Values {
	return Values{IdleMinutes: 15, CaseworkIdleMinutes: 5, ReviewMonths: 6, RetentionMonths: 24, Language: "en"}
}

// DefaultPersonal is what an account has until it chooses.
func DefaultPersonal() Personal { return Personal{TextScale: 1, Theme: ThemeSystem} }

// ErrBadSetting says that a setting has a value that it cannot have.
var ErrBadSetting = errors.New("this setting cannot have that value")

func between(name string, value, low, high int) error {
	if value < low || value > high {
		return fmt.Errorf("%w: %s must be %d to %d", ErrBadSetting, name, low, high)
	}
	return nil
}

// Check says what is wrong with the settings.
func (v Values) Check() error {
	err := errors.Join(
		between("minutes until the window locks", v.IdleMinutes, 1, 60),
		between("minutes until the window locks in casework", v.CaseworkIdleMinutes, 1, 60),
		between("months until a record is reviewed", v.ReviewMonths, 1, 24),
		between("months until a record is to be deleted", v.RetentionMonths, 1, 120),
	)
	if err == nil && v.CaseworkIdleMinutes > v.IdleMinutes {
		err = fmt.Errorf("%w: casework must not lock later than the rest", ErrBadSetting)
	}
	if err == nil && v.RetentionMonths < v.ReviewMonths {
		err = fmt.Errorf("%w: a record must be reviewed before it is to be deleted", ErrBadSetting)
	}
	if err == nil && v.Language == "" {
		err = fmt.Errorf("%w: choose a language", ErrBadSetting)
	}
	return err
}

// Check says what is wrong with the preferences.
func (p Personal) Check() error {
	// Written so that NaN fails.
	if !(p.TextScale >= 0.75 && p.TextScale <= 2.5) {
		return fmt.Errorf("%w: the text size must be 0.75 to 2.5", ErrBadSetting)
	}
	if p.Theme != ThemeSystem && p.Theme != ThemeLight && p.Theme != ThemeDark {
		return fmt.Errorf("%w: the theme is system, light or dark", ErrBadSetting)
	}
	return nil
}

// The names of settings, in the table and in the log.
const (
	settingIdle         = "idle-minutes"
	settingCaseworkIdle = "casework-idle-minutes"
	settingReview       = "review-months"
	settingRetention    = "retention-months"
	settingLanguage     = "language"
	settingTextScale    = "text-scale"
	settingTheme        = "theme"
)

func (v Values) texts() map[string]string {
	return map[string]string{
		settingIdle: strconv.Itoa(v.IdleMinutes), settingCaseworkIdle: strconv.Itoa(v.CaseworkIdleMinutes),
		settingReview: strconv.Itoa(v.ReviewMonths), settingRetention: strconv.Itoa(v.RetentionMonths), settingLanguage: v.Language,
	}
}

// valuesOf starts from the defaults, so that a setting which a newer program added has a value at once.
func valuesOf(texts map[string]string) (Values, error) {
	v := DefaultValues()
	for name, target := range map[string]*int{
		settingIdle: &v.IdleMinutes, settingCaseworkIdle: &v.CaseworkIdleMinutes, settingReview: &v.ReviewMonths, settingRetention: &v.RetentionMonths,
	} {
		text, found := texts[name]
		if !found {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return v, fmt.Errorf("the setting %s: %w", name, err)
		}
		*target = n
	}
	if text, found := texts[settingLanguage]; found {
		v.Language = text
	}
	return v, nil
}

// Settings reads and changes settings and preferences for one session.
type Settings struct{ session *Session }

// Get returns the workstation's settings. Everybody may read them.
func (x *Settings) Get(ctx context.Context) (Values, error) {
	v := DefaultValues()
	err := x.read(ctx, func(tx *sql.Tx) error {
		var err error
		v, err = GetValuesTx(ctx, tx)
		return err
	})
	return v, err
}

// GetValuesTx reads the workstation's settings inside a transaction of the library.
func GetValuesTx(ctx context.Context, tx *sql.Tx) (Values, error) {
	texts, err := pairs(ctx, tx, `SELECT name, value FROM setting`)
	if err != nil {
		return DefaultValues(), err
	}
	return valuesOf(texts)
}

// Set changes the workstation's settings: administrators only, and each change is logged.
func (x *Settings) Set(ctx context.Context, v Values) error {
	s := x.session
	if err := s.actor.Require("change the settings of the workstation", account.RoleAdministrator); err != nil {
		return err
	}
	if err := v.Check(); err != nil {
		return err
	}
	return x.write(ctx, func(tx *sql.Tx) error {
		before, err := GetValuesTx(ctx, tx)
		if err != nil {
			return err
		}
		old := before.texts()
		for name, value := range v.texts() {
			if value == old[name] {
				continue
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
			if err != nil {
				return fmt.Errorf("changing the setting %s: %w", name, err)
			}
			err = audit.Append(ctx, tx, s.actor, s.now(), audit.Event{
				Act: audit.ActSettingChange, Object: name, Details: map[string]string{"before": old[name], "after": value},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Personal returns the signed-in account's preferences.
func (x *Settings) Personal(ctx context.Context) (Personal, error) {
	p := DefaultPersonal()
	err := x.read(ctx, func(tx *sql.Tx) error {
		texts, err := pairs(ctx, tx, `SELECT name, value FROM preference WHERE account_id = ?`, x.session.actor.AccountID())
		if err != nil {
			return err
		}
		if text, found := texts[settingTextScale]; found {
			scale, err := strconv.ParseFloat(text, 32)
			if err != nil {
				return fmt.Errorf("the preference %s: %w", settingTextScale, err)
			}
			p.TextScale = float32(scale)
		}
		if text, found := texts[settingTheme]; found {
			p.Theme = text
		}
		p.Language = texts[settingLanguage]
		return nil
	})
	return p, err
}

// SetPersonal changes the signed-in account's preferences. They concern nobody else and are not logged.
func (x *Settings) SetPersonal(ctx context.Context, p Personal) error {
	if err := p.Check(); err != nil {
		return err
	}
	texts := map[string]string{
		settingTextScale: strconv.FormatFloat(float64(p.TextScale), 'g', -1, 32), settingTheme: p.Theme, settingLanguage: p.Language,
	}
	return x.write(ctx, func(tx *sql.Tx) error {
		for name, value := range texts {
			_, err := tx.ExecContext(ctx, `INSERT INTO preference (account_id, name, value) VALUES (?, ?, ?)
				ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value`, x.session.actor.AccountID(), name, value)
			if err != nil {
				return fmt.Errorf("changing the preference %s: %w", name, err)
			}
		}
		return nil
	})
}

func (x *Settings) read(ctx context.Context, do func(*sql.Tx) error) error {
	if err := x.session.open(); err != nil {
		return err
	}
	return x.session.library.Read(ctx, do)
}

func (x *Settings) write(ctx context.Context, do func(*sql.Tx) error) error {
	if err := x.session.open(); err != nil {
		return err
	}
	return x.session.library.Write(ctx, do)
}

func pairs(ctx context.Context, tx *sql.Tx, query string, args ...any) (map[string]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	defer rows.Close()
	texts := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("reading the settings: %w", err)
		}
		texts[name] = value
	}
	return texts, rows.Err()
}
