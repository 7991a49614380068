package server

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// TestUnknownFieldsWithin: an unknown field is refused in every message of every request.
func TestUnknownFieldsWithin(t *testing.T) {
	within := 0
	for _, m := range methods() {
		example := exampleOf(t, m.path)
		require.NoError(t, checkReadable(example), m.path)
		each(example.ProtoReflect(), func(part protoreflect.Message) {
			part.SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1))
			require.ErrorIs(t, checkReadable(example), errMalformed, "%s: %s", m.path, part.Descriptor().Name())
			part.SetUnknown(nil)
			within++
		})
	}
	require.Greater(t, within, len(methods()), "nested messages were checked")
}

// each calls visit for a message and all messages within it.
func each(m protoreflect.Message, visit func(protoreflect.Message)) {
	visit(m)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				each(v.List().Get(i).Message(), visit)
			}
		default:
			each(v.Message(), visit)
		}
		return true
	})
}
