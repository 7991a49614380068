package loader_test

import (
	"errors"
	"fmt"

	"hongbao/scenarios/loader"
)

// A scenario file, read strictly: unknown keys and impossible values are faults.
func ExampleLoad() {
	s, err := loader.Load("../../examples/scenario/evening.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Title)
	for _, w := range s.Windows {
		fmt.Println(w.Name, w.Start.Format("2006-01-02 15:04:05"))
	}
	// Output:
	// One rain in the evening
	// Rain 2022-01-31 20:00:00
}

// A fault has its place, the line and a hint.
func ExampleError() {
	_, err := loader.Parse("own.yaml", []byte("titel: A rain\n"))
	var first *loader.Error
	if errors.As(err, &first) {
		fmt.Printf("line %d, column %d: %s\n", first.Line, first.Column, first.Problem)
		fmt.Println(first.Snippet) // Error prints both, and the hint
	}
	// Output:
	// line 1, column 1: unknown key "titel"
	// titel: A rain
}

func ExampleParseRate() {
	r, err := loader.ParseRate("1.8M/s")
	fmt.Println(r.Num, r.Den, err)
	// Output: 1800000 1 <nil>
}
