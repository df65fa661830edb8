package content

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// record is a YAML mapping that is read field by field. It remembers which fields were asked for, so that the others
// can be pointed out, and where each stands.
type record struct {
	reader *folderReader
	file   string
	node   *yaml.Node
	offset int // lines before the YAML in its file
	fields map[string]*yaml.Node
	keys   map[string]*yaml.Node
	asked  map[string]bool
}

// maxYAMLDepth and maxYAMLNodes keep a hostile file from growing without bounds.
const (
	maxYAMLDepth = 12
	maxYAMLNodes = 100_000
)

func (r *folderReader) parseYAML(file string, text []byte, offset int) *record {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		r.malformed(file, offset, err)
		return nil
	}
	if err := decoder.Decode(&second); err == nil {
		r.errorf(file, offset+second.Line, "the file holds a second document after a line of three hyphens; write a file for each")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.malformed(file, offset, err)
		return nil
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		r.errorf(file, offset+1, "fields like “id: …” are expected here")
		return nil
	}
	count := 0
	if !r.bounded(&document, 0, &count) {
		r.errorf(file, offset+1, "the file is nested too deeply, is too long or uses aliases")
		return nil
	}
	return r.record(file, document.Content[0], offset)
}

// yamlLine matches the line that the YAML library names in a message of its own.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?line ([0-9]+): `)

func (r *folderReader) malformed(file string, offset int, err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if match := yamlLine.FindStringSubmatch(message); match != nil {
		if number, err := strconv.Atoi(match[1]); err == nil {
			line = max(number, 1)
		}
		message = message[len(match[0]):]
	}
	r.errorf(file, offset+line, "this is not well-formed YAML: %s", message)
}

func (r *folderReader) bounded(node *yaml.Node, depth int, count *int) bool {
	*count++
	if depth > maxYAMLDepth || *count > maxYAMLNodes || node.Kind == yaml.AliasNode {
		return false
	}
	return !slices.ContainsFunc(node.Content, func(child *yaml.Node) bool { return !r.bounded(child, depth+1, count) })
}

func (r *folderReader) record(file string, node *yaml.Node, offset int) *record {
	rec := &record{reader: r, file: file, node: node, offset: offset, fields: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{}, asked: map[string]bool{}}
	if node.Kind != yaml.MappingNode {
		r.errorf(file, node.Line+offset, "fields like “id: …” are expected here")
		return rec
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if rec.fields[key.Value] != nil {
			r.errorf(file, key.Line+offset, "the field “%s” stands here twice", key.Value)
			continue
		}
		rec.fields[key.Value], rec.keys[key.Value] = node.Content[i+1], key
	}
	return rec
}

// line is where a field stands, or where the record starts.
func (c *record) line(field string) int {
	if key := c.keys[field]; key != nil {
		return key.Line + c.offset
	}
	return c.node.Line + c.offset
}

func (c *record) errorf(field, format string, args ...any) {
	c.reader.errorf(c.file, c.line(field), format, args...)
}

// done points out the fields that nobody asked for.
func (c *record) done() {
	for _, name := range slices.Sorted(maps.Keys(c.fields)) {
		if !c.asked[name] {
			c.errorf(name, "there is no field “%s” here; is it misspelt?", name)
		}
	}
}

func (c *record) get(field string, required bool) *yaml.Node {
	c.asked[field] = true
	node := c.fields[field]
	if node == nil || node.Tag == "!!null" {
		if required {
			c.errorf(field, "“%s” is missing", field)
		}
		return nil
	}
	return node
}

func (c *record) str(field string, required bool) string {
	node := c.get(field, required)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		c.errorf(field, "“%s” is one text", field)
		return ""
	}
	value := strings.TrimSpace(node.Value)
	if value == "" && required {
		c.errorf(field, "“%s” is empty", field)
	}
	return value
}

// number reads a whole number between two bounds.
func (c *record) number(field string, standard, least, most int) int {
	node := c.get(field, false)
	if node == nil {
		return standard
	}
	var value int
	if err := node.Decode(&value); err != nil || value < least || value > most {
		c.errorf(field, "“%s” is a whole number from %d to %d", field, least, most)
		return standard
	}
	return value
}

func (c *record) flag(field string) bool {
	node := c.get(field, false)
	var value bool
	if node != nil && node.Decode(&value) != nil {
		c.errorf(field, "“%s” is true or false", field)
	}
	return value
}

// text reads a text that may stand in several languages.
func (c *record) text(field string, required bool) Text {
	node := c.get(field, required)
	if node == nil {
		return nil
	}
	text := c.reader.textOf(c.file, node, c.offset)
	if len(text) == 0 && required {
		c.errorf(field, "“%s” is empty", field)
	}
	return text
}

func (r *folderReader) textOf(file string, node *yaml.Node, offset int) Text {
	switch node.Kind {
	case yaml.ScalarNode:
		if value := strings.TrimSpace(node.Value); value != "" {
			return Text{DefaultLanguage: value}
		}
	case yaml.MappingNode:
		text := Text{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			if !validLanguage(key.Value) || value.Kind != yaml.ScalarNode {
				r.errorf(file, key.Line+offset, "a text in several languages is written {en: …, fr: …}; “%s” is not a language", key.Value)
				continue
			}
			if trimmed := strings.TrimSpace(value.Value); trimmed != "" {
				text[key.Value] = trimmed
			}
		}
		if len(text) > 0 {
			return text
		}
	default:
		r.errorf(file, node.Line+offset, "a text is expected here")
	}
	return nil
}

// list returns the elements of a list.
func (c *record) list(field string, required bool) []*yaml.Node {
	node := c.get(field, required)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		c.errorf(field, "“%s” is a list", field)
		return nil
	}
	if required && len(node.Content) == 0 {
		c.errorf(field, "“%s” is empty", field)
	}
	return node.Content
}

func (c *record) strings(field string, required bool) []string {
	var values []string
	for _, node := range c.list(field, required) {
		if node.Kind != yaml.ScalarNode || strings.TrimSpace(node.Value) == "" {
			c.reader.errorf(c.file, node.Line+c.offset, "“%s” is a list of single texts", field)
			continue
		}
		values = append(values, strings.TrimSpace(node.Value))
	}
	return values
}

func (c *record) texts(field string) []Text {
	var values []Text
	for _, node := range c.list(field, false) {
		if text := c.reader.textOf(c.file, node, c.offset); len(text) > 0 {
			values = append(values, text)
		}
	}
	return values
}

func (c *record) records(field string, required bool) []*record {
	var records []*record
	for _, node := range c.list(field, required) {
		records = append(records, c.reader.record(c.file, node, c.offset))
	}
	return records
}

// id reads a stable id.
func (c *record) id(field string) string {
	id := c.str(field, true)
	if id != "" && !ValidID(id) {
		c.errorf(field, "“%s” cannot be an id: 3 to 64 lower-case letters, digits and single hyphens", id)
	}
	return id
}

// oneOf reads a word out of a fixed set; "" takes the standard.
func (c *record) oneOf(field, standard string, allowed ...string) string {
	value := c.str(field, standard == "")
	if value == "" {
		return standard
	}
	if !slices.Contains(allowed, value) {
		c.errorf(field, "“%s” is not one of: %s", value, strings.Join(allowed, ", "))
	}
	return value
}

func validLanguage(tag string) bool {
	if len(tag) < 2 || len(tag) > 12 {
		return false
	}
	for i, r := range tag {
		if (r < 'a' || r > 'z') && (i < 2 || r != '-' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')) {
			return false
		}
	}
	return true
}

func (r *folderReader) errorf(file string, line int, format string, args ...any) {
	r.findings = append(r.findings, Finding{file, line, SeverityError, fmt.Sprintf(format, args...)})
}

func (r *folderReader) warnf(file string, line int, format string, args ...any) {
	r.findings = append(r.findings, Finding{file, line, SeverityWarning, fmt.Sprintf(format, args...)})
}
