package exchange

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"slices"

	"wardbook/data/account"
)

// tenure tells which roles accounts had at a time in the past. A decision stays good when the account that made it loses
// the role later, and an account that never had the role cannot make one good.
type tenure struct {
	place  map[string]int // of each verified statement about accounts, by its hash
	grants []grant
}

type grant struct {
	place   int
	account string
	roles   []account.Role
}

// readTenureTx reads the statements about accounts. Only those count that the roster has verified.
func readTenureTx(ctx context.Context, tx *sql.Tx, roster *account.Roster) (tenure, error) {
	verified := roster.Trust().Statements
	t := tenure{place: map[string]int{}}
	rows, err := tx.QueryContext(ctx, `SELECT body FROM account_statement ORDER BY number`)
	if err != nil {
		return t, wrap("read the statements about accounts", err)
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return t, wrap("read the statements about accounts", err)
		}
		sum := sha256.Sum256(body)
		head := hex.EncodeToString(sum[:])
		if !verified[head] {
			break // newer than the roster
		}
		var s struct {
			Kind    string         `json:"kind"`
			Account string         `json:"account"`
			Roles   []account.Role `json:"roles"`
		}
		if err := json.Unmarshal(body, &s); err != nil {
			return t, wrap("read the statements about accounts", err)
		}
		t.place[head] = len(t.place)
		switch s.Kind {
		case "first-administrator", "grant", "deactivate": // who is deactivated has no roles
			t.grants = append(t.grants, grant{t.place[head], s.Account, s.Roles})
		}
	}
	return t, rows.Err()
}

// had reports whether the account had any of the roles when head was the last statement about accounts.
func (t tenure) had(accountID, head string, roles ...account.Role) bool {
	until, ok := t.place[head]
	if !ok {
		return false
	}
	var now []account.Role
	for _, g := range t.grants {
		if g.place <= until && g.account == accountID {
			now = g.roles
		}
	}
	return slices.ContainsFunc(roles, func(r account.Role) bool { return slices.Contains(now, r) })
}
