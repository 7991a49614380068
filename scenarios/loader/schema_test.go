package loader

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"
)

// instance converts a file as the checker of an editor does.
func instance(t *testing.T, src []byte) any {
	out, err := yaml.YAMLToJSON(src)
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(out, &v))
	return v
}

// Every shipped file satisfies the schema. Files that the loader refuses for their keys or the format of values do not.
func TestSchemaAgreesWithFiles(t *testing.T) {
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(Schema(), &schema))
	resolved, err := schema.Resolve(nil)
	require.NoError(t, err)
	all, err := List("..")
	require.NoError(t, err)
	for _, one := range append(all, Listed{Path: "testdata/base.yaml"}) {
		src, err := os.ReadFile(one.Path)
		require.NoError(t, err)
		require.NoError(t, resolved.Validate(instance(t, src)), one.Path)
	}
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(t, err)
	for _, c := range []struct{ why, old, new string }{
		{"an unknown key", "drain: 10m", "drain: 10m\ndrains: 1m"},
		{"a missing key", "drain: 10m\n", ""},
		{"a rate without a unit", "100/s at 1s", "100 at 1s"},
		{"an unknown play", "play: rain", "play: dice"},
		{"an empty list", "apps_held: [70, 30]", "apps_held: []"},
		{"a duration that is a word", "drain: 10m", "drain: soon"},
	} {
		t.Run(c.why, func(t *testing.T) {
			src := strings.Replace(string(base), c.old, c.new, 1)
			_, loader := Parse("a.yaml", []byte(src))
			require.Error(t, loader)
			require.Error(t, resolved.Validate(instance(t, []byte(src))))
		})
	}
}

// Loader and schema have the same keys at every level, and the same keys are optional.
func TestSchemaKnowsTheLoadersKeys(t *testing.T) {
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(Schema(), &schema))
	var compare func(name string, at reflect.Type, s *jsonschema.Schema)
	compare = func(name string, at reflect.Type, s *jsonschema.Schema) {
		if at.Kind() == reflect.Slice {
			compare(name+"[]", at.Elem(), s.Items)
			return
		}
		if _, leaf := reflect.New(at).Interface().(scalar); leaf {
			require.Empty(t, s.Properties, name)
			return
		}
		keys := keysOf(at)
		require.Len(t, s.Properties, len(keys), name)
		for key, i := range keys {
			require.Contains(t, s.Properties, key, name)
			_, optional := keyOf(at.Field(i))
			required := slices.Contains(s.Required, key)
			if s.Else != nil { // the file, unless it has a like key
				required = required || slices.Contains(s.Else.Required, key)
			}
			require.Equal(t, !optional, required, "%s.%s", name, key)
			compare(filepath.Join(name, key), at.Field(i).Type, s.Properties[key])
		}
	}
	compare("", reflect.TypeFor[file](), &schema)
}
