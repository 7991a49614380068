package loader

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// Schema returns the JSON Schema of scenario files, for completion and checks in editors. It is generated from the types that
// the loader fills, so that both know the same keys.
func Schema() []byte {
	schemas := map[reflect.Type]*jsonschema.Schema{}
	for _, s := range []scalar{&text{}, &toggle{}, &number{}, &weight{}, &fen{}, &share{}, &rate{}, &span{}, &moment{}, &lapse{}, &point{},
		&band{}, &figure{}, &sceneName{}, &word[plays]{}, &word[stages]{}, &word[awards]{}, &word[kinds]{}, &word[dependencies]{}, &word[operations]{},
		&word[seconds]{}, &word[totalFaults]{}, &word[couponFaults]{}, &word[switches]{}} {
		schemas[reflect.TypeOf(s).Elem()] = s.form().schema()
	}
	schema, err := jsonschema.For[file](&jsonschema.ForOptions{TypeSchemas: schemas})
	if err != nil {
		panic("scenarios: the file format has no schema: " + err.Error())
	}
	tidy(schema)
	// A file with a like key needs only a title.
	schema.If, schema.Else = &jsonschema.Schema{Required: []string{"like"}}, &jsonschema.Schema{Required: without(schema.Required, "title")}
	schema.Required = []string{"title"}
	schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	schema.Title = "hongbao scenario"
	schema.Description = "One rehearsal of the festival. Times are Asia/Shanghai unless they have a zone."
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("scenarios: the schema cannot be printed: " + err.Error())
	}
	return append(out, '\n')
}

// without returns the keys except one.
func without(keys []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == one })
}

// tidy requires of every list what the loader requires: it is an array and not empty.
func tidy(s *jsonschema.Schema) {
	if s.Items != nil {
		s.Type, s.Types, s.MinItems = "array", nil, jsonschema.Ptr(1)
		tidy(s.Items)
	}
	for _, p := range s.Properties {
		tidy(p)
	}
}

// schema describes a scalar to an editor.
func (f form) schema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string", Pattern: f.pattern, Description: f.hint}
	if f.number {
		s.Type, s.Types = "", []string{"string", "number"}
	}
	for _, n := range f.names {
		s.Enum = append(s.Enum, n)
	}
	if f.what == "a boolean" {
		s.Type = "boolean"
	}
	return s
}
