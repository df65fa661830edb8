// Package markdown cuts CommonMark with tables into plain blocks that a page or a sheet of paper can draw. It fetches
// nothing: raw HTML is dropped, an image is only a path in the text's own folder, and a link is its words and its
// address, never something to press.
package markdown

import (
	"path"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// BlockKind tells how a block is drawn.
type BlockKind int

// The kinds of blocks.
const (
	Paragraph BlockKind = iota
	Heading             // Level 1 to 6
	ListItem            // Level is the depth from 1; Marker is "•" or "3."
	Quote               // Level is the depth from 1
	Code                // fixed-width lines in one run
	Table               // Rows, the first being the heading
	Image               // Path, Alt, Caption
	Rule
)

// Block is one piece of a text, in order. Unused fields are empty.
type Block struct {
	Kind    BlockKind
	Level   int
	Marker  string
	Runs    []Run
	Rows    [][]Cell
	Path    string
	Alt     string
	Caption string
}

// Cell is one cell of a table. Right tells that its column is aligned to the right.
type Cell struct {
	Runs  []Run
	Right bool
}

// Run is text in one style.
type Run struct {
	Text   string
	Bold   bool
	Italic bool
	Code   bool
}

// Plain returns the text of runs without their styles.
func Plain(runs []Run) string {
	var b strings.Builder
	for _, run := range runs {
		b.WriteString(run.Text)
	}
	return b.String()
}

// Problem is something in the text that is not shown as its author may have meant it.
type Problem struct {
	Line     int // from 1 in the text
	Sentence string
	Shown    bool // it is shown, only in another way; otherwise it is left out
}

// MaxBytes bounds a text that is cut into blocks: about 10,000 words. CommonMark has texts whose reading takes time with
// the square of their length, and nobody reads a longer one in one go.
const MaxBytes = 64 << 10

// Blocks cuts a text into blocks.
func Blocks(source string) []Block {
	blocks, _ := Read(source)
	return blocks
}

// Read cuts a text into blocks and says what was dropped or changed on the way. A text that is longer than MaxBytes or
// nested without sense becomes plain paragraphs.
func Read(source string) ([]Block, []Problem) {
	if len(source) > MaxBytes {
		return paragraphs(source), []Problem{{Line: 1, Sentence: "the text is longer than " + strconv.Itoa(MaxBytes>>10) + " KiB; cut it into several"}}
	}
	if line := overNested(source); line > 0 {
		return paragraphs(source), []Problem{{Line: line, Sentence: "lists or quotes are nested too deeply here"}}
	}
	r := &reader{source: []byte(source)}
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	r.children(parser.Parse(text.NewReader(r.source)), context{})
	return r.blocks, r.problems
}

// paragraphs cuts a text at empty lines and takes everything else as it stands.
func paragraphs(source string) []Block {
	var blocks []Block
	for part := range strings.SplitSeq(source, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			blocks = append(blocks, Block{Kind: Paragraph, Runs: []Run{{Text: part}}})
		}
	}
	return blocks
}

// maxMarkers is how many lists and quotes may open in one line.
const maxMarkers = 32

// overNested returns the first line that opens more lists and quotes than anybody writes, or 0.
func overNested(source string) int {
	number := 0
	for line := range strings.SplitSeq(source, "\n") {
		number++
		markers := 0
		for i := 0; i < len(line) && strings.IndexByte(" \t>-+*0123456789.)", line[i]) >= 0; i++ {
			next := i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t')
			if line[i] == '>' || next && strings.IndexByte("-+*.)", line[i]) >= 0 {
				markers++
			}
		}
		if markers > maxMarkers {
			return number
		}
	}
	return 0
}

// maxDepth bounds nesting; deeper lists and quotes are drawn at this depth.
const maxDepth = 8

type context struct {
	quote, list int
	marker      string
}

type reader struct {
	source   []byte
	blocks   []Block
	problems []Problem
}

func (r *reader) problem(node ast.Node, shown bool, sentence string) {
	line := 1
	for n := node; n != nil; n = n.Parent() {
		if n.Type() != ast.TypeInline && n.Lines() != nil && n.Lines().Len() > 0 {
			line = 1 + strings.Count(string(r.source[:n.Lines().At(0).Start]), "\n")
			break
		}
	}
	if text := firstText(node); text != nil {
		line = 1 + strings.Count(string(r.source[:text.Segment.Start]), "\n")
	}
	if html, ok := node.(*ast.RawHTML); ok && html.Segments.Len() > 0 {
		line = 1 + strings.Count(string(r.source[:html.Segments.At(0).Start]), "\n")
	}
	r.problems = append(r.problems, Problem{line, sentence, shown})
}

// firstText is the first piece of text within an inline node, whose place in the source is known.
func firstText(node ast.Node) *ast.Text {
	if text, ok := node.(*ast.Text); ok {
		return text
	}
	if node.Type() != ast.TypeInline {
		return nil
	}
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		if text := firstText(child); text != nil {
			return text
		}
	}
	return nil
}

func (r *reader) children(parent ast.Node, at context) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		r.block(n, at)
		at.marker = "" // only an item's first block carries its marker
	}
}

func (r *reader) block(node ast.Node, at context) {
	switch n := node.(type) {
	case *ast.Heading:
		r.add(Block{Kind: Heading, Level: n.Level, Runs: r.runs(n)})
	case *ast.Paragraph, *ast.TextBlock:
		r.paragraph(n, at)
	case *ast.Blockquote:
		at.quote = min(at.quote+1, maxDepth)
		r.children(n, at)
	case *ast.List:
		r.list(n, at)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		var b strings.Builder
		for i := range n.Lines().Len() {
			segment := n.Lines().At(i)
			b.Write(segment.Value(r.source))
		}
		r.add(Block{Kind: Code, Runs: []Run{{Text: strings.TrimRight(b.String(), "\n"), Code: true}}})
	case *extast.Table:
		r.table(n)
	case *ast.ThematicBreak:
		r.add(Block{Kind: Rule})
	case *ast.HTMLBlock:
		r.problem(n, false, "HTML is not shown; write the text in Markdown")
	case *ast.LinkReferenceDefinition:
	default:
		r.children(n, at)
	}
}

func (r *reader) add(b Block) { r.blocks = append(r.blocks, b) }

// paragraph becomes a block of text, with an image alone in a line as a block of its own.
func (r *reader) paragraph(n ast.Node, at context) {
	var runs []Run
	flush := func() {
		runs = trim(runs)
		if len(runs) == 0 {
			return
		}
		b := Block{Kind: Paragraph, Runs: runs}
		switch {
		case at.list > 0:
			b.Kind, b.Level, b.Marker = ListItem, at.list, at.marker
		case at.quote > 0:
			b.Kind, b.Level = Quote, at.quote
		}
		r.add(b)
		runs, at.marker = nil, ""
	}
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		image, ok := child.(*ast.Image)
		if !ok {
			r.inline(child, Run{}, &runs)
			continue
		}
		flush()
		r.image(image)
	}
	flush()
}

func (r *reader) image(n *ast.Image) {
	destination := string(n.Destination)
	alt := Plain(r.runs(n))
	if !LocalPath(destination) {
		r.problem(n, false, "the image “"+destination+"” is not a file in the module's own folder")
		if alt != "" {
			r.add(Block{Kind: Paragraph, Runs: []Run{{Text: alt, Italic: true}}})
		}
		return
	}
	r.add(Block{Kind: Image, Path: destination, Alt: alt, Caption: string(n.Title)})
}

// LocalPath reports whether an image's address is a plain path below the text's folder, on every system.
func LocalPath(address string) bool {
	if address == "" || path.IsAbs(address) || path.Clean(address) != address || strings.HasPrefix(address, "../") || address == ".." {
		return false
	}
	for _, r := range address {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-_.", r)
		if !plain {
			return false
		}
	}
	return true
}

func (r *reader) list(n *ast.List, at context) {
	at.list = min(at.list+1, maxDepth)
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		at.marker = "•"
		if n.IsOrdered() {
			at.marker = strconv.Itoa(number) + "."
			number++
		}
		r.children(item, at)
	}
}

func (r *reader) table(n *extast.Table) {
	b := Block{Kind: Table}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []Cell
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			tableCell, ok := cell.(*extast.TableCell)
			cells = append(cells, Cell{Runs: r.runs(cell), Right: ok && tableCell.Alignment == extast.AlignRight})
		}
		b.Rows = append(b.Rows, cells)
	}
	r.add(b)
}

func (r *reader) runs(n ast.Node) []Run {
	var runs []Run
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		r.inline(child, Run{}, &runs)
	}
	return trim(runs)
}

func (r *reader) inline(node ast.Node, style Run, runs *[]Run) {
	put := func(text string) {
		if text == "" {
			return
		}
		style.Text = text
		*runs = append(*runs, style)
	}
	switch n := node.(type) {
	case *ast.Text:
		put(string(plainText(n.Segment.Value(r.source))))
		switch {
		case n.HardLineBreak():
			put("\n")
		case n.SoftLineBreak():
			put(" ")
		}
		return
	case *ast.String:
		put(string(n.Value))
		return
	case *ast.Emphasis:
		if n.Level >= 2 {
			style.Bold = true
		} else {
			style.Italic = true
		}
	case *ast.CodeSpan:
		style.Code = true
	case *ast.AutoLink:
		put(string(n.Label(r.source)))
		r.problem(n, true, linkSentence)
		return
	case *ast.RawHTML:
		r.problem(n, false, "HTML is not shown; write the text in Markdown")
		return
	case *ast.Image:
		r.problem(n, false, "an image stands in a line of its own, not within a sentence, a heading, a link or a table")
		put(Plain(r.runs(n)))
		return
	case *ast.Link:
		r.problem(n, true, linkSentence)
	}
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		r.inline(child, style, runs)
	}
	if link, ok := node.(*ast.Link); ok && len(link.Destination) > 0 {
		put(" (" + string(link.Destination) + ")")
	}
}

const linkSentence = "a link cannot be opened here; its address is shown as text"

// plainText takes backslash escapes and entities off, as a renderer would.
func plainText(raw []byte) []byte {
	return util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(raw)))
}

// trim joins runs of one style and takes the spaces off both ends.
func trim(runs []Run) []Run {
	var joined []Run
	for _, run := range runs {
		if last := len(joined) - 1; last >= 0 && joined[last].Bold == run.Bold && joined[last].Italic == run.Italic && joined[last].Code == run.Code {
			joined[last].Text += run.Text
			continue
		}
		joined = append(joined, run)
	}
	if len(joined) > 0 {
		joined[0].Text = strings.TrimLeft(joined[0].Text, " \n")
		last := len(joined) - 1
		joined[last].Text = strings.TrimRight(joined[last].Text, " \n")
	}
	var kept []Run
	for _, run := range joined {
		if run.Text != "" {
			kept = append(kept, run)
		}
	}
	return kept
}
