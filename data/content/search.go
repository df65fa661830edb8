package content

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"wardbook/data/format/markdown"
)

// Hit is one place where the words of a search stand.
type Hit struct {
	Ref
	Kind     Kind
	Part     string // id of the lesson, section, item or term; "" for the document itself
	Title    string // of the document
	PartText string // title of the lesson or section, text of the item, or the term
	Language string
	Snippet  string // a few words around, what was found between « and »
}

// indexTx puts the texts of a version into the search, in place of the document's earlier ones. Quiz questions stay
// out: a search must not give the answers away.
func indexTx(ctx context.Context, tx *sql.Tx, d Document) error {
	if err := forgetTx(ctx, tx, `document_id = ?`, d.ID); err != nil {
		return fmt.Errorf("forget the words of %s: %w", d.ID, err)
	}
	for _, part := range searchParts(d) {
		result, err := tx.ExecContext(ctx, `INSERT INTO content_part (document_id, version, kind, part, language) VALUES (?, ?, ?, ?, ?)`,
			d.ID, d.Version, string(d.Kind), part.id, part.language)
		if err != nil {
			return fmt.Errorf("index %s: %w", d.Ref(), err)
		}
		number, err := result.LastInsertId()
		if err != nil {
			return fmt.Errorf("index %s: %w", d.Ref(), err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO content_words (rowid, title, part_title, body) VALUES (?, ?, ?, ?)`, number, part.document, part.title, part.body)
		if err != nil {
			return fmt.Errorf("index %s: %w", d.Ref(), err)
		}
	}
	return nil
}

func unindexTx(ctx context.Context, tx *sql.Tx, ref Ref) error {
	if err := forgetTx(ctx, tx, `document_id = ? AND version = ?`, ref.ID, ref.Version); err != nil {
		return fmt.Errorf("forget the words of %s: %w", ref, err)
	}
	return nil
}

func forgetTx(ctx context.Context, tx *sql.Tx, which string, args ...any) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM content_words WHERE rowid IN (SELECT number FROM content_part WHERE `+which+`)`, args...)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM content_part WHERE `+which, args...)
	return err
}

type searchPart struct{ id, language, document, title, body string }

// searchParts cuts a document into what a search leads to, one for each language it is written in.
func searchParts(d Document) []searchPart {
	var parts []searchPart
	add := func(id string, title Text, bodies ...Text) {
		languages := slices.Sorted(maps.Keys(title))
		for _, body := range bodies {
			for language := range body {
				if !slices.Contains(languages, language) {
					languages = append(languages, language)
				}
			}
		}
		for _, language := range languages {
			var texts []string
			for _, body := range bodies {
				if text := body[language]; text != "" {
					texts = append(texts, text)
				}
			}
			document, _ := d.Title.In(language)
			heading, _ := title.In(language)
			parts = append(parts, searchPart{id, language, document, heading, strings.Join(texts, "\n")})
		}
	}
	switch {
	case d.Module != nil:
		add("", d.Title, append([]Text{d.Summary}, d.Module.Objectives...)...)
		for _, lesson := range d.Module.Lessons {
			add(lesson.ID, lesson.Title, readable(lesson.Body))
		}
	case d.Checklist != nil:
		add("", d.Title, d.Summary, d.Checklist.Purpose, d.Checklist.Introduction)
		for _, section := range d.Checklist.Sections {
			add(section.ID, section.Title, section.Guidance)
			for _, item := range section.Items {
				add(item.ID, item.Text, item.Guidance, item.NotToBeConfusedWith)
			}
		}
	case d.Glossary != nil:
		add("", d.Title, d.Summary)
		for _, term := range d.Glossary.Terms {
			add(term.ID, term.Term, term.Definition, term.WhyItMatters, term.ConfusedWith)
		}
	default:
		add("", d.Title, d.Summary)
	}
	return parts
}

// readable is what a reader sees of a Markdown text: a snippet shows no marks, and an address is not found by accident.
func readable(body Text) Text {
	plain := Text{}
	for language, text := range body {
		var b strings.Builder
		line := func(text string) {
			if text != "" {
				b.WriteString(text + "\n")
			}
		}
		for _, block := range markdown.Blocks(text) {
			line(markdown.Plain(block.Runs))
			for _, row := range block.Rows {
				for _, cell := range row {
					line(markdown.Plain(cell.Runs))
				}
			}
			line(block.Alt)
			line(block.Caption)
		}
		plain[language] = strings.TrimSpace(b.String())
	}
	return plain
}

// Limits of what is searched for. Whoever pastes a page looks for its first words.
const (
	maxSearchWords   = 24
	maxSearchLetters = 64 // of one word
)

// matchExpression turns what a person typed into a search: every word must stand there, the last one may go on. Marks
// and operators are taken as spaces, so nothing that can be typed is an error.
func matchExpression(typed string) string {
	words := strings.FieldsFunc(typed, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	words = words[:min(len(words), maxSearchWords)]
	for i, word := range words {
		letters := []rune(word)
		words[i] = `"` + string(letters[:min(len(letters), maxSearchLetters)]) + `"`
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, " ") + "*"
}

// searchQuery takes hits in the order of their rank, so that snippets are cut for those alone that are shown.
const searchQuery = `SELECT p.document_id, p.version, p.kind, p.part, p.language, w.title, w.part_title,
	snippet(content_words, -1, '«', '»', ' … ', 18)
	FROM content_words w JOIN content_part p ON p.number = w.rowid
	WHERE content_words MATCH ? AND rank MATCH 'bm25(4.0, 8.0, 1.0)' AND `

// Search finds words in the current versions, best first: a title counts more than a text. It does not mind case and
// accents. With a language, hits in it come before others; a part that is found in it is not shown in another one too.
func (s *Service) Search(ctx context.Context, typed, language string, limit int) ([]Hit, error) {
	expression := matchExpression(typed)
	if expression == "" || limit <= 0 {
		return nil, nil
	}
	var hits []Hit
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		found := map[Ref]map[string]bool{}
		collect := func(where string) error {
			rows, err := tx.QueryContext(ctx, searchQuery+where+` ORDER BY rank`, expression, language)
			if err != nil {
				return err
			}
			defer rows.Close()
			for len(hits) < limit && rows.Next() {
				var hit Hit
				if err := rows.Scan(&hit.ID, &hit.Version, &hit.Kind, &hit.Part, &hit.Language, &hit.Title, &hit.PartText, &hit.Snippet); err != nil {
					return err
				}
				if found[hit.Ref][hit.Part] {
					continue
				}
				if found[hit.Ref] == nil {
					found[hit.Ref] = map[string]bool{}
				}
				found[hit.Ref][hit.Part] = true
				hits = append(hits, hit)
			}
			return rows.Err()
		}
		if err := collect(`p.language = ?`); err != nil || len(hits) == limit {
			return err
		}
		return collect(`p.language <> ?`)
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return hits, nil
}
