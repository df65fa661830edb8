package content

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Hit is one place where the words of a search stand.
type Hit struct {
	Ref
	Kind     Kind
	Part     string // id of the lesson, item or term; "" for the document itself
	Title    string // of the document
	PartText string // title of the lesson, text of the item, or the term
	Language string
	Snippet  string // a few words around, what was found between « and »
}

// indexTx puts the texts of a version into the search, in place of the document's earlier ones. Quiz questions stay
// out: a search must not give the answers away.
func indexTx(ctx context.Context, tx *sql.Tx, d Document) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM content_search WHERE id = ?`, d.ID); err != nil {
		return fmt.Errorf("forget the words of %s: %w", d.ID, err)
	}
	for _, part := range searchParts(d) {
		_, err := tx.ExecContext(ctx, `INSERT INTO content_search (id, version, kind, part, language, title, part_title, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, d.ID, d.Version, string(d.Kind), part.id, part.language, part.document, part.title, part.body)
		if err != nil {
			return fmt.Errorf("index %s: %w", d.Ref(), err)
		}
	}
	return nil
}

func unindexTx(ctx context.Context, tx *sql.Tx, ref Ref) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM content_search WHERE id = ? AND version = ?`, ref.ID, ref.Version)
	if err != nil {
		return fmt.Errorf("forget the words of %s: %w", ref, err)
	}
	return nil
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
	add("", d.Title, d.Summary)
	switch {
	case d.Module != nil:
		for _, lesson := range d.Module.Lessons {
			add(lesson.ID, lesson.Title, lesson.Body)
		}
	case d.Checklist != nil:
		for _, section := range d.Checklist.Sections {
			for _, item := range section.Items {
				add(item.ID, item.Text, item.Guidance, item.NotToBeConfusedWith)
			}
		}
	case d.Glossary != nil:
		for _, term := range d.Glossary.Terms {
			add(term.ID, term.Term, term.Definition, term.WhyItMatters, term.ConfusedWith)
		}
	}
	return parts
}

// matchExpression turns what a person typed into a search: every word must stand there, the last one may go on. Marks
// and operators are taken as spaces, so nothing that can be typed is an error.
func matchExpression(typed string) string {
	words := strings.FieldsFunc(typed, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	for i, word := range words {
		words[i] = `"` + word + `"`
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, " ") + "*"
}

// Search finds words in the current versions, best first: a title counts more than a text. It does not mind case and
// accents. With a language, hits in it come before others.
func (s *Service) Search(ctx context.Context, typed, language string, limit int) ([]Hit, error) {
	expression := matchExpression(typed)
	if expression == "" || limit <= 0 {
		return nil, nil
	}
	var hits []Hit
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, version, kind, part, language, title, part_title,
			snippet(content_search, -1, '«', '»', ' … ', 18)
			FROM content_search WHERE content_search MATCH ? AND rank MATCH 'bm25(0, 0, 0, 0, 0, 4.0, 8.0, 1.0)'
			ORDER BY language <> ?, rank LIMIT ?`, expression, language, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var hit Hit
			if err := rows.Scan(&hit.ID, &hit.Version, &hit.Kind, &hit.Part, &hit.Language, &hit.Title, &hit.PartText, &hit.Snippet); err != nil {
				return err
			}
			hits = append(hits, hit)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return hits, nil
}
