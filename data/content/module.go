package content

// LessonKind tells a lesson from a case vignette.
type LessonKind string

// The kinds of lessons.
const (
	LessonPlain    LessonKind = "lesson"
	LessonVignette LessonKind = "vignette"
)

// Module is some lessons and the quiz on them.
type Module struct {
	Minutes    int        `json:"minutes"`
	Objectives []Text     `json:"objectives,omitempty"`
	Lessons    []Lesson   `json:"lessons"`
	Questions  []Question `json:"questions,omitempty"`
	QuizDraw   int        `json:"quiz_draw,omitempty"` // how many questions an attempt draws; 0 is all
	Sources    []string   `json:"sources,omitempty"`
}

// Lesson is one text to read.
type Lesson struct {
	ID      string     `json:"id"`
	Title   Text       `json:"title"`
	Kind    LessonKind `json:"kind"`
	Minutes int        `json:"minutes,omitempty"`
	Body    Text       `json:"body"` // Markdown
}

// QuestionKind tells how a question is answered.
type QuestionKind string

// The kinds of questions.
const (
	QuestionSingle    QuestionKind = "single"    // one of the answers is right
	QuestionSeveral   QuestionKind = "several"   // several are
	QuestionTrueFalse QuestionKind = "truefalse" // answers have the ids "true" and "false"
	QuestionShort     QuestionKind = "short"     // typed; the answers are what is accepted
)

// Question is one question of a quiz. Its id is the title of the question in its source.
type Question struct {
	ID      string       `json:"id"`
	Kind    QuestionKind `json:"kind"`
	Stem    Text         `json:"stem"`
	Answers []Answer     `json:"answers"`
	General Text         `json:"general,omitempty"` // feedback whatever was chosen
}

// Answer is one choice, or one accepted short answer.
type Answer struct {
	ID       string `json:"id"`
	Text     Text   `json:"text"`
	Weight   int    `json:"weight"` // per cent; above 0 is right
	Feedback Text   `json:"feedback,omitempty"`
}
