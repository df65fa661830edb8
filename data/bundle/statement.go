package bundle

import "strings"

// Statement is a short text with a signature of its own, such as "this key follows that key". It travels in the manifest
// of any bundle, also of one that somebody else signed; whoever reads it checks the signature against the key that may say
// so. The body is kept as the exact text that was signed.
type Statement struct {
	Body      string `json:"body"`
	Signature string `json:"signature"` // minisign signature file over Body
}

// Purposes of statements. A purpose is part of what is signed.
const (
	PurposeSuccessor  = "successor"
	PurposeRevocation = "revocation"
)

// SignStatement signs body for one purpose.
func SignStatement(key PrivateKey, purpose, body string) (Statement, error) {
	signature, err := key.Sign([]byte(body), statementComment(purpose))
	if err != nil {
		return Statement{}, err
	}
	s := Statement{Body: body, Signature: string(signature)}
	return s, s.check()
}

// Verify checks that key signed s for this purpose; ErrBadSignature if not.
func (s Statement) Verify(key PublicKey, purpose string) error {
	comment, err := key.Verify([]byte(s.Body), []byte(s.Signature))
	if err != nil {
		return err
	}
	if comment != statementComment(purpose) {
		return about(ErrBadSignature, "purpose", purpose)
	}
	return nil
}

func statementComment(purpose string) string { return "wardbook statement:" + purpose }

// check holds what can be said about a statement without knowing who may make it.
func (s Statement) check() error {
	switch {
	case s.Body == "" || len(s.Body) > MaxStatementBody:
		return about(ErrManifestField, "statement", s.Body)
	case s.Signature == "" || len(s.Signature) > maxSignatureSize:
		return about(ErrManifestField, "signature of a statement", s.Signature)
	}
	if err := checkText("statement", s.Body, true); err != nil {
		return err
	}
	return checkText("signature of a statement", strings.ReplaceAll(s.Signature, "\n", ""), false)
}
