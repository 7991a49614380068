package reports

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLoadFieldsAreExplained: docs/record.md explains each field of a load run.
func TestLoadFieldsAreExplained(t *testing.T) {
	doc, err := os.ReadFile("../docs/record.md")
	require.NoError(t, err)
	_, loads, found := strings.Cut(string(doc), "\n## load\n")
	require.True(t, found)
	load := fieldsOf(reflect.TypeFor[Load]())
	require.Greater(t, len(load), 40)
	for _, field := range append(load, fieldsOf(reflect.TypeFor[FindMax]())...) {
		if _, isOffered := reflect.TypeFor[Offered]().FieldByNameFunc(func(n string) bool { return jsonName(reflect.TypeFor[Offered](), n) == field }); isOffered {
			continue // explained in the section on the offered load
		}
		require.Contains(t, loads, "`"+field+"`", "the field is not explained")
	}
}

func jsonName(t reflect.Type, field string) string {
	f, _ := t.FieldByName(field)
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// fieldsOf returns the JSON names of the fields of a struct and of the structs in it.
func fieldsOf(t reflect.Type) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() == "time" {
		return nil
	}
	var names []string
	for i := range t.NumField() {
		if name := jsonName(t, t.Field(i).Name); name != "" {
			names = append(names, name)
		}
		names = append(names, fieldsOf(t.Field(i).Type)...)
	}
	return names
}
