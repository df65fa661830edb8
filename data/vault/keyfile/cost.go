package keyfile

import "wardbook/data/vault/keyfile/internal/cost"

// Cost is the scrypt work factor of account files. Its zero value, 18, is the only one that a program can make.
type Cost = cost.Cost
