package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	_ "unsafe" // for go:linkname

	"github.com/klauspost/cpuid/v2"
)

// The instructions as the library calls them; its own tests replace them too.
//
//go:linkname execute github.com/klauspost/cpuid/v2.cpuid
var execute func(op uint32) (eax, ebx, ecx, edx uint32)

//go:linkname executeSub github.com/klauspost/cpuid/v2.cpuidex
var executeSub func(op, op2 uint32) (eax, ebx, ecx, edx uint32)

//go:linkname xgetbv github.com/klauspost/cpuid/v2.xgetbv
var xgetbv func(index uint32) (eax, edx uint32)

// processor is described by its answers, keys hexadecimal LEAF/SUBLEAF, what is not there zeros; without answers it is
// the one at hand.
type processor struct {
	Answers map[string][4]uint32 `json:"answers"`
	XCR0    uint32               `json:"xcr0"`
}

type opinion struct {
	Flags []string `json:"flags"`
	AVX10 uint8    `json:"avx10"`
}

// judgeProcessors answers each JSON line with one.
func judgeProcessors(in io.Reader, out io.Writer) error {
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var described processor
		if err := decoder.Decode(&described); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if described.Answers != nil {
			become(described)
		}
		if err := encoder.Encode(judge()); err != nil {
			return err
		}
	}
}

func become(described processor) {
	executeSub = func(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32) {
		registers := described.Answers[fmt.Sprintf("%x/%x", leaf, subleaf)]
		return registers[0], registers[1], registers[2], registers[3]
	}
	execute = func(leaf uint32) (eax, ebx, ecx, edx uint32) { return executeSub(leaf, 0) }
	xgetbv = func(uint32) (eax, edx uint32) { return described.XCR0, 0 }
	cpuid.CPU = cpuid.CPUInfo{}
	cpuid.Detect()
}

// judge names the flags as NFD's source does: those of the library, and the levels that they reach.
func judge() opinion {
	flags := cpuid.CPU.FeatureSet()
	for level := 1; level <= cpuid.CPU.X64Level(); level++ {
		flags = append(flags, fmt.Sprintf("X86_64_V%d", level))
	}
	return opinion{Flags: flags, AVX10: cpuid.CPU.AVX10Level}
}
