package demotext

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// glue stands where two lines are joined without a space (troff's \c at a line's end).
const glue = '\x01'

// special are troff's named characters, \(xx and \[xx], as far as prose uses them.
var special = map[string]string{
	"aq": "'", "dq": `"`, "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "em": "—", "en": "–", "hy": "-", "mi": "-",
	"bu": "•", "co": "©", "rg": "®", "tm": "™", "ha": "^", "ti": "~", "ga": "`", "rs": `\`, "ul": "_", "sl": "/",
	"at": "@", "sh": "#", "Do": "$", "bv": "|", "ba": "|", "lB": "[", "rB": "]", "lC": "{", "rC": "}", "la": "⟨",
	"ra": "⟩", "->": "→", "<-": "←", "<=": "≤", ">=": "≥", "!=": "≠", "==": "≡", "+-": "±", "mu": "×", "di": "÷",
	"de": "°", "fm": "′", "sd": "″", "sc": "§", "dg": "†", "dd": "‡", "12": "½", "14": "¼", "34": "¾", "if": "∞",
	"'e": "é", "'a": "á", "'i": "í", "'o": "ó", "'u": "ú", "`e": "è", "`a": "à", ":a": "ä", ":o": "ö", ":u": "ü",
	":A": "Ä", ":O": "Ö", ":U": "Ü", ",c": "ç", "^e": "ê", "^a": "â", "^o": "ô", "~n": "ñ", "ss": "ß", "oe": "œ",
	"*a": "α", "*b": "β", "*p": "π", "*m": "μ", "no": "¬", "pc": "·", "Fo": "«", "Fc": "»", "Po": "£", "Ye": "¥",
	"eu": "€", "ct": "¢", "sq": "□", "tf": "∴", "OK": "✓", "mc": "µ", "**": "*", "Eu": "€", "nb": "⊄", "lh": "☜",
}

// strings of the macro packages, \*x, \*(xx and \*[xx].
var predefined = map[string]string{
	"lq": "“", "rq": "”", "Lq": "“", "Rq": "”", `L"`: `"`, `R"`: `"`, "Aq": "'", "aq": "'", "R": "®", "Tm": "™",
	"-": "-", "--": "—", "PI": "π", "dg": "†",
}

// plain are escapes of one character that stand for a character.
var plain = map[byte]string{
	'-': "-", 'e': `\`, '\\': `\`, ' ': " ", '~': " ", '0': " ", '\t': " ", '\'': "'", '`': "`", '.': ".", '_': "_", 'c': string(glue),
}

// unescape turns one line of troff into text: fonts, sizes and motions vanish, named characters become themselves.
func unescape(line string) string {
	if !strings.Contains(line, `\`) {
		return line
	}
	var b strings.Builder
	for line != "" {
		before, after, found := strings.Cut(line, `\`)
		b.WriteString(before)
		if !found || after == "" {
			break
		}
		var text string
		text, line = escape(after)
		b.WriteString(text)
	}
	return b.String()
}

// escape takes what follows a backslash: the text it stands for, and the rest of the line.
func escape(s string) (text, rest string) {
	switch s[0] {
	case '(', '[':
		name, rest := escapeName(s)
		return specialCharacter(name), rest
	case '*':
		name, rest := escapeName(s[1:])
		return predefined[name], rest
	case 'f', 'F', 'm', 'M', 'n', 'k', 'g', 'Y', 'V':
		_, rest := escapeName(strings.TrimLeft(s[1:], "+-"))
		return "", rest
	case 's':
		return "", sizeRest(s[1:])
	case 'h', 'v', 'w', 'D', 'l', 'L', 'N', 'o', 'b', 'x', 'X', 'Z', 'A', 'B', 'H', 'S', 'R', 'C':
		return "", delimitedRest(s[1:])
	case 'z':
		return "", s[1:]
	}
	if text, ok := plain[s[0]]; ok {
		return text, s[1:]
	}
	// \& \% \/ \, \: \| \^ \) and all others print nothing.
	_, size := utf8.DecodeRuneInString(s)
	return "", s[size:]
}

// escapeName reads x, (xx or [xxx].
func escapeName(s string) (name, rest string) {
	switch {
	case s == "":
		return "", ""
	case s[0] == '(' && len(s) >= 3:
		return s[1:3], s[3:]
	case s[0] == '[':
		name, rest, _ := strings.Cut(s[1:], "]")
		return name, rest
	}
	_, size := utf8.DecodeRuneInString(s)
	return s[:size], s[size:]
}

// specialCharacter is a named character, or one by its number behind a u, in hexadecimal; one that isn't known prints nothing.
func specialCharacter(name string) string {
	if text, ok := special[name]; ok {
		return text
	}
	if digits, ok := strings.CutPrefix(name, "u"); ok {
		if code, err := strconv.ParseUint(digits, 16, 21); err == nil {
			return string(rune(code))
		}
	}
	return ""
}

// sizeRest is what follows \s: a sign, then a digit, or (xx, or [x], or 'x'.
func sizeRest(s string) string {
	s = strings.TrimLeft(s, "+-")
	switch {
	case s == "":
		return ""
	case s[0] == '\'':
		return delimitedRest(s)
	case s[0] == '(' || s[0] == '[':
		_, rest := escapeName(s)
		return rest
	case len(s) > 1 && s[0] >= '1' && s[0] <= '3' && s[1] >= '0' && s[1] <= '9':
		return s[2:]
	}
	return s[1:]
}

// delimitedRest is what follows 'argument'.
func delimitedRest(s string) string {
	if s == "" {
		return ""
	}
	_, rest, _ := strings.Cut(s[1:], s[:1])
	return rest
}
