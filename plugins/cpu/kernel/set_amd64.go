package kernel

import "golang.org/x/sys/cpu"

func native() []ISA {
	var found []ISA
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		found = append(found, AVX512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		found = append(found, AVX2)
	}
	return found
}

func (s *Set) fill() {
	switch s.isa {
	case AVX512:
		s.fillAVX512()
	case AVX2:
		s.fillAVX2()
	}
}

func (s *Set) fillAVX512() {
	s.lanes, s.tileRows, s.tileCols = 16, 12, 32
	s.tiles = []tileFunc{
		nil, tileAVX512_1, tileAVX512_2, tileAVX512_3, tileAVX512_4, tileAVX512_5, tileAVX512_6,
		tileAVX512_7, tileAVX512_8, tileAVX512_9, tileAVX512_10, tileAVX512_11, tileAVX512_12,
	}
	s.transpose = transposeAVX512
	s.softmax, s.softmaxGrad = softmaxAVX512, softmaxGradAVX512
	s.swiGLU, s.swiGLUGrad = swiGLUAVX512, swiGLUGradAVX512
	s.rmsNorm, s.rmsNormGrad = rmsNormAVX512, rmsNormGradAVX512
	s.rope, s.adamW = ropeAVX512, adamWAVX512
	s.add, s.scale, s.sumSquares = addAVX512, scaleAVX512, sumSquaresAVX512
}

func hasBF16() bool { return cpu.X86.HasAVX512BF16 && cpu.X86.HasAVX512BW }

func (s *Set) fillBF16() {
	s.tiles = []tileFunc{
		nil, tileBF16_1, tileBF16_2, tileBF16_3, tileBF16_4, tileBF16_5, tileBF16_6,
		tileBF16_7, tileBF16_8, tileBF16_9, tileBF16_10, tileBF16_11, tileBF16_12,
	}
	s.pairColumns, s.pairRows, s.pairTransposed = pairColumnsBF16, pairRowsBF16, pairTransposedBF16
}

func (s *Set) fillAVX2() {
	s.lanes, s.tileRows, s.tileCols = 8, 6, 16
	s.tiles = []tileFunc{nil, tileAVX2_1, tileAVX2_2, tileAVX2_3, tileAVX2_4, tileAVX2_5, tileAVX2_6}
	s.transpose = transposeAVX2
	s.softmax, s.softmaxGrad = softmaxAVX2, softmaxGradAVX2
	s.swiGLU, s.swiGLUGrad = swiGLUAVX2, swiGLUGradAVX2
	s.rmsNorm, s.rmsNormGrad = rmsNormAVX2, rmsNormGradAVX2
	s.rope, s.adamW = ropeAVX2, adamWAVX2
	s.add, s.scale, s.sumSquares = addAVX2, scaleAVX2, sumSquaresAVX2
}
