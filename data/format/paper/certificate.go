package paper

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// Certificate is what stands on a certificate.
type Certificate struct {
	Name        string
	Course      string
	Version     int // of the course
	IssuedAt    time.Time
	ExpiresAt   time.Time
	Number      string
	Fingerprint string // of the key that signed it
	Words       string // the same as words
	PublicKey   string // minisign
	Statement   string // the lines that were signed, each ending with a newline
	Signature   string // minisign signature file
}

// WriteCertificate draws a certificate on one page, with all that it takes to check it without this program.
func WriteCertificate(w io.Writer, c Certificate) error {
	for _, text := range []*string{&c.Name, &c.Course, &c.Number, &c.Fingerprint, &c.Words, &c.PublicKey, &c.Statement, &c.Signature} {
		fixed, err := drawable(*text)
		if err != nil {
			return err
		}
		*text = fixed
	}
	s := newSheet("Certificate "+c.Number, c.IssuedAt, 1, nil)
	s.newPage()
	s.pdf.SetDrawColor(60, 60, 60)
	s.pdf.SetLineWidth(0.8)
	s.pdf.Rect(10, 10, pageWidth-20, pageHeight-20, "D")
	s.pdf.SetLineWidth(0.2)
	s.pdf.Rect(12, 12, pageWidth-24, pageHeight-24, "D")

	s.y = 34
	s.centred("Certificate", style{sans, "B", 30, 0})
	s.y += 12
	s.centred(c.Name, style{sans, "B", 20, 0})
	s.y += 4
	s.centred("has passed every module of the course", styleBody)
	s.y += 4
	s.centred(c.Course, style{sans, "B", 16, 0})
	s.centred(fmt.Sprintf("version %d", c.Version), styleBody)
	s.y += 9
	s.centred("Issued on "+day(c.IssuedAt)+" · valid until "+day(c.ExpiresAt), style{sans, "", 12, 0})

	s.y = max(s.y+10, 158)
	s.pdf.SetLineWidth(0.3)
	s.pdf.Line(margin, s.y, pageWidth-margin, s.y)
	s.y += 4
	s.write("Checking this certificate", styleItem, margin, textWidth)
	s.write("The workstation that issued it signed the text below. The certificate is genuine if the signature fits and the key "+
		"belongs to a workstation of the prison service: compare the fingerprint with the one shown there. Without Wardbook: "+
		"save the text as certificate.txt and the signature as certificate.txt.minisig, each line as it stands here with a line "+
		"break at its end, and run  minisign -V -m certificate.txt -P  followed by the key.", styleSmall, margin, textWidth)
	s.y += 2.5
	s.labelled("Signed text", c.Statement)
	s.labelled("Fingerprint of the workstation's key", c.Fingerprint+"\n"+c.Words)
	s.labelled("Key", c.PublicKey)
	s.labelled("Signature", c.Signature)
	var out bytes.Buffer
	if err := s.output(&out); err != nil {
		return err
	}
	_, err := out.WriteTo(w)
	return err
}

// labelled writes lines exactly as they are, in letters small enough that none is broken.
func (s *sheet) labelled(label, text string) {
	s.write(label, styleLabel, margin, textWidth)
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		look := style{mono, "", 7.6, 0}
		for s.use(look); s.pdf.GetStringWidth(line) > textWidth && look.size > 2; s.use(look) {
			look.size -= 0.2
		}
		s.pdf.Text(margin, s.y+look.lineHeight()*0.76, line)
		s.y += look.lineHeight()
	}
	s.y += 2
}
