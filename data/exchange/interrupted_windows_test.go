package exchange_test

const killedCode = 1 // what TerminateProcess was given
