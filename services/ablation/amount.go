package ablation

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// maxTokens bounds a length: 1000T tokens, far below what a 64-bit count of tokens can hold.
const maxTokens = 1e15

// Of is the amount in tokens of a budget, rounded up to a whole token. A fraction counts as the decimal that a person
// wrote: 0.1 of 1000 is 100, whatever 0.1 is in binary.
func (a Amount) Of(budget int64) int64 {
	if a.Tokens > 0 {
		return a.Tokens
	}
	return ceil(a.exact(budget))
}

// Steps is the amount in whole steps of a recipe, rounded up.
func (a Amount) Steps(r Recipe) int64 {
	per := r.TokensPerStep()
	return (a.Of(r.Tokens) + per - 1) / per
}

// exact is the amount in tokens of a budget, not rounded.
func (a Amount) exact(budget int64) *big.Rat {
	if a.Tokens > 0 {
		return new(big.Rat).SetInt64(a.Tokens)
	}
	return new(big.Rat).Mul(decimal(a.Fraction), new(big.Rat).SetInt64(budget))
}

func (a Amount) zero() bool { return a.Tokens == 0 && a.Fraction == 0 }

// decimal is the shortest decimal that reads as f, exactly.
func decimal(f float64) *big.Rat {
	out, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
	return out
}

// digits is an exact decimal without trailing zeros, at most twelve digits after the point.
func digits(r *big.Rat) string {
	s := r.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// tokenCount is a number of tokens as people write one: 60M, 1.5B, 4096.
func tokenCount(tokens *big.Rat) string {
	for _, letter := range []string{"T", "B", "M"} {
		scaled := new(big.Rat).Quo(tokens, unit(letter))
		if text := scaled.FloatString(3); scaled.Cmp(big.NewRat(1, 1)) >= 0 && same(text, scaled) {
			return digits(scaled) + letter
		}
	}
	return digits(tokens)
}

func same(text string, r *big.Rat) bool {
	v, ok := new(big.Rat).SetString(text)
	return ok && v.Cmp(r) == 0
}

func ceil(r *big.Rat) int64 {
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if m.Sign() > 0 {
		return q.Int64() + 1
	}
	return q.Int64()
}

var amountPattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?([kMBT%]?)$`)

// amount reads a length: a fraction of the budget (0.3, 30%, 1.0), or tokens (60M, 1.5B, 4096, 1e6).
func (r *reader) amount(n *node, otherwise Amount) Amount {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	m := amountPattern.FindStringSubmatch(n.text)
	if m == nil {
		r.problem(n, say("%s is no length; give a fraction such as 0.3 or 2%%, or tokens such as 60M or 4096",
			"%s は長さとして読めません。0.3 や 2%% のような割合か、60M や 4096 のようなトークン数を書いてください", strconv.Quote(n.text)))
		return otherwise
	}
	v, ok := new(big.Rat).SetString(m[1] + m[2])
	if !ok {
		return otherwise
	}
	if m[3] == "%" {
		return r.fraction(n, v.Mul(v, big.NewRat(1, 100)), otherwise)
	}
	if m[3] == "" && v.Cmp(big.NewRat(1, 1)) <= 0 {
		return r.fraction(n, v, otherwise)
	}
	return r.tokens(n, v.Mul(v, unit(m[3])), otherwise)
}

func unit(letter string) *big.Rat {
	power := map[string]int64{"": 1, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
	return new(big.Rat).SetInt64(power[letter])
}

func (r *reader) fraction(n *node, v *big.Rat, otherwise Amount) Amount {
	if v.Cmp(big.NewRat(1, 1)) > 0 {
		r.problem(n, say("%s is more than the whole; give at most 100%%", "%s は全体を超えています。100%% 以下にしてください", n.text))
		return otherwise
	}
	f, _ := v.Float64()
	return Amount{Fraction: f}
}

func (r *reader) tokens(n *node, v *big.Rat, otherwise Amount) Amount {
	if !v.IsInt() {
		r.problem(n, say("%s is neither a fraction, which is at most 1, nor a whole number of tokens; give 0.3 or 60M",
			"%s は 1 以下の割合でも、整数のトークン数でもありません。0.3 や 60M のように書いてください", n.text))
		return otherwise
	}
	if v.Cmp(new(big.Rat).SetFloat64(maxTokens)) > 0 {
		r.problem(n, say("%s is more than 1000T tokens; give less", "%s は 1000T トークンを超えています。減らしてください", n.text))
		return otherwise
	}
	return Amount{Tokens: v.Num().Int64()}
}

// sum adds shares as the decimals that a person wrote: 0.57 + 0.31 + 0.12 is 1.
func sum(shares []float64) *big.Rat {
	total := new(big.Rat)
	for _, s := range shares {
		total.Add(total, decimal(s))
	}
	return total
}
