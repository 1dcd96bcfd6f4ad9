//go:build !amd64

package kernel

func native() []ISA { return nil }

func (s *Set) fill() {}
