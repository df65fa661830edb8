// Package account knows who may sign in and what each account may do.
//
// What an account is (its name, keys and roles, and whether it may open the casework store) follows from signed
// statements alone: each is signed by the account that made it, and the chain of them starts at the first
// administrator, whose public key is pinned in every account file. Tables hold nothing about rights that is not signed.
package account

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what an account does. An account may have several.
type Role string

// The roles. Everyone learns; these say what else an account may do.
const (
	RoleTrainer       Role = "trainer"       // writes and publishes content, collects results
	RoleOfficer       Role = "officer"       // casework: observes and writes
	RoleSecondReader  Role = "second-reader" // casework: reads independently
	RoleManager       Role = "manager"       // casework: decides
	RoleAdministrator Role = "administrator" // accounts, publishers, keys, backups; not casework
	RoleAuditor       Role = "auditor"       // reads the logs; also the data protection officer
)

// AllRoles returns every role, in the order in which they are shown.
func AllRoles() []Role {
	return []Role{RoleTrainer, RoleOfficer, RoleSecondReader, RoleManager, RoleAdministrator, RoleAuditor}
}

// Casework reports whether the role works with records of people observed and so may be given the casework key.
func (r Role) Casework() bool {
	return r == RoleOfficer || r == RoleSecondReader || r == RoleManager
}

// Label is the role in a sentence: "second reader".
func (r Role) Label() string { return strings.ReplaceAll(string(r), "-", " ") }

// ParseRoles reads role names separated by commas, such as "trainer,second-reader". Order and repetition do not matter.
func ParseRoles(csv string) ([]Role, error) {
	var roles []Role
	for name := range strings.SplitSeq(csv, ",") {
		if name = strings.TrimSpace(name); name != "" {
			roles = append(roles, Role(name))
		}
	}
	return NormalRoles(roles)
}

// NormalRoles checks a set of roles and returns it in the order of AllRoles without repetition. At least one is needed.
func NormalRoles(roles []Role) ([]Role, error) {
	all := AllRoles()
	for _, r := range roles {
		if !slices.Contains(all, r) {
			return nil, fmt.Errorf("%w: there is no role %q; the roles are %s", ErrBadRole, string(r), joinRoles(all, "and"))
		}
	}
	var normal []Role
	for _, r := range all {
		if slices.Contains(roles, r) {
			normal = append(normal, r)
		}
	}
	if len(normal) == 0 {
		return nil, fmt.Errorf("%w: an account needs at least one role", ErrBadRole)
	}
	return normal, nil
}

func anyCasework(roles []Role) bool { return slices.ContainsFunc(roles, Role.Casework) }

// joinRoles writes role names as they are typed: "trainer, officer and manager".
func joinRoles(roles []Role, last string) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}

// whoMay writes roles as people: "a trainer", "an officer or a manager".
func whoMay(roles []Role) string {
	people := make([]string, len(roles))
	for i, r := range roles {
		article := "a "
		if strings.ContainsRune("aeiou", rune(r[0])) {
			article = "an "
		}
		people[i] = article + r.Label()
	}
	if len(people) < 2 {
		return strings.Join(people, "")
	}
	return strings.Join(people[:len(people)-1], ", ") + " or " + people[len(people)-1]
}
