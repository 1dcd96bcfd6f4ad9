package httpd

// Formatters for the tests of what pages write.
var (
	Fixed      = fixed
	Signed     = signed
	Integer    = integer
	Percent    = percent
	Size       = size
	Scientific = scientific
)

// Words are a language's formatters.
type Words = words

// LoadWords reads a language's catalogue.
var LoadWords = loadWords

// Big, Lasting, When and Ago are formatters that depend on the language.
var (
	Big     = Words.big
	Lasting = Words.lasting
	When    = Words.when
	Ago     = Words.ago
	Text    = Words.text
)
