package content

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"wardbook/data/account"
)

// Folder is a content folder as people write it: the documents, and where each of their parts stands. The owner and,
// where the source names none, the version of its documents are not set; publishing sets them.
type Folder struct {
	Sources []Source
	files   fs.FS
}

// Source is a document and where it is written.
type Source struct {
	Document Document
	File     string            // the file that names the document
	Folder   string            // the folder that its media are relative to
	lines    map[string]place  // by part id; "" is the document; "field x" and "section x" cannot be ids
	bodies   map[string]place  // where the text of a lesson starts, by its id and language
	explain  map[string]string // the author's answers to the wording questions, by word
}

type place struct {
	file string
	line int
}

// Limits of a content folder.
const (
	maxTextFileBytes = 1 << 20
	maxFolderFiles   = 5_000

	// MaxImageBytes bounds an image. More than a few megabytes are warned about, not refused: a plan may need them.
	MaxImageBytes   = 256 << 20
	largeImageBytes = 4 << 20
	// An image takes four bytes of memory for each pixel, however small its file is.
	maxPixels = 24_000_000
)

type folderReader struct {
	files    fs.FS
	findings []Finding
	sources  []Source
}

// ReadFolder reads a content folder and says what is wrong in it, by file and line. What could not be understood is
// left out, so publish only what has no finding of severity error.
func ReadFolder(files fs.FS) (Folder, []Finding) {
	r := &folderReader{files: files}
	r.checkNames()
	for _, file := range r.glob("courses/*.yaml") {
		r.readFile(file, r.course)
	}
	for _, file := range r.glob("modules/*/module.yaml") {
		r.readFile(file, r.module)
	}
	for _, file := range r.glob("checklists/*.yaml") {
		r.readFile(file, r.checklist)
	}
	for _, file := range r.glob("glossary/*.yaml") {
		r.readFile(file, r.glossary)
	}
	if len(r.sources) == 0 && len(r.findings) == 0 {
		r.errorf(".", 0, "this folder holds no course, module, checklist or glossary")
	}
	return Folder{Sources: r.sources, files: files}, sortFindings(r.findings)
}

// checkNames points out files that the folder form does not know, so that a misspelt folder is not silently left out.
func (r *folderReader) checkNames() {
	count := 0
	err := fs.WalkDir(r.files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(path.Base(name), ".") && name != ".":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		if count++; count > maxFolderFiles {
			return fmt.Errorf("more than %d files", maxFolderFiles)
		}
		if !entry.Type().IsRegular() {
			r.errorf(name, 0, "this is not an ordinary file")
		} else if !knownName(name) {
			r.warnf(name, 0, "this file has no place in the folder form and is left out")
		}
		return nil
	})
	if err != nil {
		r.errorf(".", 0, "the folder cannot be read: %v", err)
	}
}

func knownName(name string) bool {
	for _, pattern := range []string{
		"courses/*.yaml", "modules/*/module.yaml", "modules/*/lessons/*.md", "modules/*/quiz.gift", "modules/*/quiz.*.gift",
		"modules/*/images/*", "checklists/*.yaml", "glossary/*.yaml", "*.md",
	} {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

func (r *folderReader) glob(pattern string) []string {
	names, err := fs.Glob(r.files, pattern)
	if err != nil {
		r.errorf(".", 0, "the folder cannot be read: %v", err)
	}
	return names
}

func (r *folderReader) readText(file string) ([]byte, bool) {
	opened, err := r.files.Open(file)
	if err != nil {
		r.errorf(file, 0, "the file cannot be read: %v", err)
		return nil, false
	}
	defer opened.Close()
	text, err := io.ReadAll(io.LimitReader(opened, maxTextFileBytes+1))
	switch {
	case err != nil:
		r.errorf(file, 0, "the file cannot be read: %v", err)
	case len(text) > maxTextFileBytes:
		r.errorf(file, 0, "the file is larger than %d KiB", maxTextFileBytes>>10)
	case !utf8.Valid(text):
		r.errorf(file, 0, "the file is not UTF-8 text; save it as UTF-8")
	default:
		text = bytes.TrimPrefix(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\ufeff"))
		if at := bytes.IndexFunc(text, unprintable); at >= 0 {
			hidden, _ := utf8.DecodeRune(text[at:])
			r.errorf(file, 1+bytes.Count(text[:at], []byte("\n")), "there is a character here that cannot be seen (%U); take it out", hidden)
			return nil, false
		}
		return text, true
	}
	return nil, false
}

func (r *folderReader) readFile(file string, read func(*record, *Source)) {
	text, ok := r.readText(file)
	if !ok {
		return
	}
	fields := r.parseYAML(file, text, 0)
	if fields == nil {
		return
	}
	source := Source{File: file, Folder: path.Dir(file), lines: map[string]place{}, bodies: map[string]place{}, explain: map[string]string{}}
	mistakes := len(r.findings)
	r.head(fields, &source)
	read(fields, &source)
	for _, answer := range fields.records("wording_explained", false) {
		word, why := answer.str("word", true), answer.str("why", true)
		answer.done()
		source.explain[strings.ToLower(word)] = why
	}
	fields.done()
	source.Document.Languages = languagesOf(source.Document)
	if previous := slices.IndexFunc(r.sources, func(s Source) bool { return s.Document.ID == source.Document.ID }); previous >= 0 && source.Document.ID != "" {
		fields.errorf("id", "the id “%s” is used in %s already", source.Document.ID, r.sources[previous].File)
		return
	}
	r.sources = append(r.sources, source)
	if !Blocks(r.findings[mistakes:]) {
		r.possible(source)
	}
}

// possible holds a document that has no mistake so far against what every document has to be, so that nothing is published
// that a workstation would refuse.
func (r *folderReader) possible(source Source) {
	document := source.Document
	document.Version, document.Owner = max(document.Version, 1), BuiltinOwner
	err := document.check()
	if encoded, encodeErr := document.Encode(); err == nil && (encodeErr != nil || len(encoded) > MaxDocumentBytes) {
		err = fmt.Errorf("it is larger than %d MiB", MaxDocumentBytes>>20)
	}
	if err != nil {
		r.errorf(source.File, 0, "this cannot be published: %s", strings.TrimPrefix(err.Error(), ErrMalformedDocument.Error()+": "))
	}
}

// head reads what every document has.
func (r *folderReader) head(fields *record, source *Source) {
	d := &source.Document
	d.ID = fields.id("id")
	d.Version = fields.number("version", 0, 1, maxVersion-1)
	d.Title = fields.text("title", true)
	d.Summary = fields.text("summary", false)
	source.lines[""] = place{fields.file, fields.line("id")}
	if based := fields.str("based_on", false); based != "" {
		var ref Ref
		id, version, ok := strings.Cut(based, "@")
		if _, err := fmt.Sscanf(version, "%d", &ref.Version); !ok || err != nil || !ValidID(id) || ref.Version < 1 {
			fields.errorf("based_on", "what an item is based on is written id@version, for example observation-record@2")
			return
		}
		if ref.ID = id; id == d.ID {
			fields.errorf("based_on", "an adaptation has an id of its own, not that of what it is based on")
		}
		d.BasedOn = &ref
	}
}

func (r *folderReader) course(fields *record, source *Source) {
	source.Document.Kind = KindCourse
	source.Document.Course = &Course{
		Roles:             fields.strings("roles", false),
		Modules:           fields.strings("modules", true),
		PassMark:          fields.number("pass_mark", DefaultPassMark, 1, 100),
		CertificateMonths: fields.number("certificate_months", DefaultCertificateMonths, 1, maxMonths),
	}
	r.roles(fields, source.Document.Course.Roles)
	source.lines["field modules"] = place{fields.file, fields.line("modules")}
}

func (r *folderReader) roles(fields *record, roles []string) {
	for _, role := range roles {
		if !slices.Contains(account.AllRoles(), account.Role(role)) {
			fields.errorf("roles", "there is no role “%s”; the roles are: %s", role, joined(account.AllRoles()))
		}
	}
}

func joined[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}

func (r *folderReader) glossary(fields *record, source *Source) {
	source.Document.Kind = KindGlossary
	body := &Glossary{}
	for _, entry := range fields.records("terms", true) {
		term := Term{
			ID: entry.id("id"), Term: entry.text("term", true), Definition: entry.text("definition", true),
			WhyItMatters: entry.text("why_it_matters", false), ConfusedWith: entry.text("confused_with", false),
			Source: entry.str("source", false),
		}
		r.part(source, entry, term.ID)
		entry.done()
		body.Terms = append(body.Terms, term)
	}
	source.Document.Glossary = body
}

// part notes where a part stands and points out an id used twice in the document.
func (r *folderReader) part(source *Source, fields *record, id string) {
	if before, ok := source.lines[id]; ok && id != "" {
		fields.errorf("id", "the id “%s” is used in line %d already", id, before.line)
		return
	}
	source.lines[id] = place{fields.file, fields.line("id")}
}

// Open opens a media file of a source.
func (f Folder) Open(source Source, mediaPath string) (fs.File, error) {
	return f.files.Open(path.Join(source.Folder, mediaPath))
}

// languagesOf collects the languages in which anything of a document is written.
func languagesOf(d Document) []string {
	found := map[string]bool{}
	eachText(reflect.ValueOf(d), func(text Text) {
		for language := range text {
			found[language] = true
		}
	})
	return slices.Sorted(maps.Keys(found))
}

// eachText visits every text of a document.
func eachText(value reflect.Value, visit func(Text)) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			eachText(value.Elem(), visit)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			eachText(value.Field(i), visit)
		}
	case reflect.Slice:
		for i := range value.Len() {
			eachText(value.Index(i), visit)
		}
	case reflect.Map:
		if text, ok := value.Interface().(Text); ok {
			visit(text)
		}
	}
}
