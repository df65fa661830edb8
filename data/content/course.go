package content

// DefaultPassMark is the share of right answers, in per cent, that passes a quiz when the course says nothing else.
const DefaultPassMark = 80

// DefaultCertificateMonths is how long a certificate lasts when the course says nothing else.
const DefaultCertificateMonths = 24

// Course is a sequence of modules that ends in a certificate.
type Course struct {
	Roles             []string `json:"roles,omitempty"` // for whom it is meant; empty is everyone
	Modules           []string `json:"modules"`         // ids, in order
	PassMark          int      `json:"pass_mark"`       // per cent, for each module's quiz
	CertificateMonths int      `json:"certificate_months"`
}
