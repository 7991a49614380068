package main

import (
	"encoding/binary"
	"errors"
	"go/scanner"
	"go/token"
	"strconv"
	"strings"
)

// Tags in a serialized file descriptor (descriptor.proto): FileDescriptorProto.options and FileOptions.go_package.
const (
	tagOptions   = 8<<3 | 2
	tagGoPackage = 11<<3 | 2
)

var errDescriptor = errors.New("go_package is not the only option of the file descriptor: regenerate the code with make proto")

// descriptors changes go_package in the file descriptor that generated code holds as string literals. The lengths
// before it change too: a descriptor with a wrong length panics when the program starts.
func (r *rewriter) descriptors(text []byte) ([]byte, error) {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	var out []byte
	done := 0
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return append(out, text[done:]...), nil
		}
		if tok != token.STRING {
			continue
		}
		value, err := strconv.Unquote(literal)
		if err != nil {
			return nil, err
		}
		got, err := r.goPackage(value)
		if err != nil {
			return nil, err
		}
		if got != value {
			at := file.Offset(pos)
			out = append(append(out, text[done:at]...), strconv.Quote(got)...)
			done = at + len(literal)
		}
	}
}

// goPackage changes the option go_package in a piece of a descriptor.
func (r *rewriter) goPackage(s string) (string, error) {
	for at := 0; ; {
		i := strings.Index(s[at:], r.from+"/")
		if i < 0 {
			return s, nil
		}
		at += i
		n, head, ok := lengthBefore(s[:at], tagGoPackage)
		if !ok || at+n > len(s) {
			at += len(r.from)
			continue
		}
		m, start, ok := lengthBefore(s[:head], tagOptions)
		if !ok || m != at+n-head {
			return "", errDescriptor
		}
		name := field(tagGoPackage, r.to+s[at+len(r.from):at+n])
		return s[:start] + field(tagOptions, name) + s[at+n:], nil
	}
}

// lengthBefore reads the tag and the length that s ends with. It returns the length and where the tag begins.
func lengthBefore(s string, tag byte) (n, begin int, ok bool) {
	for size := 1; size <= 2 && size < len(s); size++ {
		v, used := binary.Uvarint([]byte(s[len(s)-size:]))
		if used == size && s[len(s)-size-1] == tag {
			return int(v), len(s) - size - 1, true
		}
	}
	return 0, 0, false
}

// field is a length-delimited field.
func field(tag byte, value string) string {
	return string(binary.AppendUvarint([]byte{tag}, uint64(len(value)))) + value
}
