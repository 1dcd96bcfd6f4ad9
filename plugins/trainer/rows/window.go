package rows

// Windows cuts a document, which starts fresh after a separator and ends in one, into sequences that score every byte
// and the final separator once. A window's first input is the token before its first target; nothing overlaps, and none is
// longer than rowTokens + 1.
func Windows(text string, rowTokens int) (list [][]uint16) {
	tokens := append(append([]uint16{Separator}, Encode(text)...), Separator)
	for from := 0; from < len(tokens)-1; from += rowTokens {
		list = append(list, tokens[from:min(from+rowTokens+1, len(tokens))])
	}
	return list
}

// Encode is a text's bytes as tokens.
func Encode(text string) []uint16 {
	tokens := make([]uint16, len(text))
	for i := range tokens {
		tokens[i] = uint16(text[i])
	}
	return tokens
}
