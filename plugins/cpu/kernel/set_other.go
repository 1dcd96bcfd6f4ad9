//go:build !amd64

package kernel

func native() []ISA { return nil }

func (s *Set) fill() {}

func hasBF16() bool { return false }

func (s *Set) fillBF16() {}
