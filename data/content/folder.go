package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
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
	lines    map[string]place  // by part id; "" is the document
	explain  map[string]string // the author's answers to the wording questions, by word
}

type place struct {
	file string
	line int
}

// Limits of a content folder. A lesson of a megabyte is a mistake, and so is an image that no old PC can draw.
const (
	maxTextFileBytes = 1 << 20
	MaxImageBytes    = 256 << 20 // a video or scan that a trainer carries with a module
	maxFolderFiles   = 5_000
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
		"modules/*/images/*", "modules/*/attachments/*", "checklists/*.yaml", "glossary/*.yaml", "*.md",
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
	case !isText(text):
		r.errorf(file, 0, "the file is not UTF-8 text")
	default:
		return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), true
	}
	return nil, false
}

func isText(text []byte) bool {
	return bytes.IndexByte(text, 0) < 0 && strings.ToValidUTF8(string(text), "\uFFFD") == string(text)
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
	source := Source{File: file, Folder: path.Dir(file), lines: map[string]place{}, explain: map[string]string{}}
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
}

// head reads what every document has.
func (r *folderReader) head(fields *record, source *Source) {
	d := &source.Document
	d.ID = fields.id("id")
	d.Version = fields.number("version", 0)
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
		ref.ID = id
		d.BasedOn = &ref
	}
}

func (r *folderReader) course(fields *record, source *Source) {
	source.Document.Kind = KindCourse
	source.Document.Course = &Course{
		Roles:             fields.strings("roles", false),
		Modules:           fields.strings("modules", true),
		PassMark:          fields.number("pass_mark", DefaultPassMark),
		CertificateMonths: fields.number("certificate_months", DefaultCertificateMonths),
	}
	if mark := source.Document.Course.PassMark; mark < 1 || mark > 100 {
		fields.errorf("pass_mark", "the pass mark is 1 to 100 per cent")
	}
	if months := source.Document.Course.CertificateMonths; months < 1 || months > 120 {
		fields.errorf("certificate_months", "a certificate lasts 1 to 120 months")
	}
	r.roles(fields, source.Document.Course.Roles)
	source.lines["modules"] = place{fields.file, fields.line("modules")}
}

func (r *folderReader) roles(fields *record, roles []string) {
	for _, role := range roles {
		if !slices.Contains([]string{"trainer", "officer", "second-reader", "manager", "administrator", "auditor"}, role) {
			fields.errorf("roles", "there is no role “%s”", role)
		}
	}
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

// addMedia hashes a file that the document names.
func (r *folderReader) addMedia(source *Source, mediaPath string, at place) {
	if slices.ContainsFunc(source.Document.Media, func(m MediaRef) bool { return m.Path == mediaPath }) {
		return
	}
	mime, ok := mediaTypes[strings.ToLower(path.Ext(mediaPath))]
	if !ok {
		r.errorf(at.file, at.line, "“%s” is neither a PNG nor a JPEG image", mediaPath)
		return
	}
	file, err := r.files.Open(path.Join(source.Folder, mediaPath))
	if errors.Is(err, fs.ErrNotExist) {
		r.errorf(at.file, at.line, "there is no file “%s” in %s", mediaPath, source.Folder)
		return
	}
	if err != nil {
		r.errorf(at.file, at.line, "“%s” cannot be read: %v", mediaPath, err)
		return
	}
	defer file.Close()
	hash := sha256.New()
	head := &bytes.Buffer{}
	size, err := io.Copy(io.MultiWriter(hash, &headWriter{head}), io.LimitReader(file, MaxImageBytes+1))
	switch {
	case err != nil:
		r.errorf(at.file, at.line, "“%s” cannot be read: %v", mediaPath, err)
		return
	case size > MaxImageBytes:
		r.errorf(at.file, at.line, "“%s” is larger than %d MiB", mediaPath, MaxImageBytes>>20)
		return
	case !bytes.HasPrefix(head.Bytes(), mediaMagic[mime]):
		r.errorf(at.file, at.line, "“%s” is not the kind of image its name says", mediaPath)
		return
	}
	source.Document.Media = append(source.Document.Media, MediaRef{Path: mediaPath, SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size, MIME: mime})
}

var (
	mediaTypes = map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
	mediaMagic = map[string][]byte{"image/png": []byte("\x89PNG\r\n\x1a\n"), "image/jpeg": {0xff, 0xd8, 0xff}}
)

// headWriter keeps the first bytes of what is written.
type headWriter struct{ kept *bytes.Buffer }

func (w *headWriter) Write(p []byte) (int, error) {
	if room := 16 - w.kept.Len(); room > 0 {
		w.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// languagesOf collects the languages in which anything of a document is written.
func languagesOf(d Document) []string {
	found := map[string]bool{}
	for _, part := range searchParts(d) {
		found[part.language] = true
	}
	return slices.Sorted(maps.Keys(found))
}
