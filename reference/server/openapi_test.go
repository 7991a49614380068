package server

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
)

var update = flag.Bool("update", false, "regenerate openapi.json from the schema")

// object is a JSON object.
type object = map[string]any

// files returns the schema's files.
func files() []protoreflect.FileDescriptor {
	return []protoreflect.FileDescriptor{pb.File_hongbao_v1_common_proto, pb.File_hongbao_v1_account_proto, pb.File_hongbao_v1_grant_proto,
		pb.File_hongbao_v1_wallet_proto, pb.File_hongbao_v1_query_proto, pb.File_hongbao_v1_operator_proto}
}

// comments maps the last two parts of a name to its comment in the schema's source. Generated code has no comments.
type comments map[string]string

var declared = regexp.MustCompile(`^\s*(service|message|enum|rpc|oneof|(?:repeated )?[\w.]+)\s+(\w+)\s*(?:[({=]|returns)`)

// readComments reads the comment above and after each declaration.
func readComments(t *testing.T) comments {
	found := comments{}
	names, err := filepath.Glob("proto/hongbao/v1/*.proto")
	require.NoError(t, err)
	require.Len(t, names, len(files()))
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		within, above := "", []string(nil)
		for _, line := range strings.Split(string(text), "\n") {
			code, comment, _ := strings.Cut(line, "//")
			if strings.TrimSpace(code) == "" {
				above = append(above, strings.TrimSpace(comment))
				continue
			}
			if m := declared.FindStringSubmatch(code); m != nil {
				key := within + "." + m[2]
				switch {
				case m[1] == "service" || m[1] == "message" || m[1] == "enum":
					within, key = m[2], m[2]
				case strings.HasPrefix(strings.TrimSpace(code), m[2]): // a value of an enum
					key = within + "." + m[2]
				}
				found[key] = strings.TrimSpace(strings.Join(append(above, strings.TrimSpace(comment)), " "))
			}
			above = nil
		}
	}
	return found
}

// described adds a name's comment to its description.
func (c comments) described(o object, name string) object {
	if c[name] != "" {
		o["description"] = c[name]
	}
	return o
}

func ref(name protoreflect.Name) object {
	return object{"$ref": "#/components/schemas/" + string(name)}
}

// kind returns the schema of one value.
func kind(f protoreflect.FieldDescriptor) object {
	switch f.Kind() {
	case protoreflect.Int64Kind:
		return object{"type": []string{"string", "integer"}, "format": "int64", "pattern": "^-?[0-9]+$"}
	case protoreflect.Int32Kind:
		return object{"type": "integer", "format": "int32"}
	case protoreflect.BoolKind:
		return object{"type": "boolean"}
	case protoreflect.BytesKind:
		return object{"type": "string", "contentEncoding": "base64"}
	case protoreflect.EnumKind:
		return ref(f.Enum().Name())
	case protoreflect.MessageKind:
		return ref(f.Message().Name())
	default:
		return object{"type": "string"}
	}
}

// schemaOf returns the schema of a message.
func schemaOf(m protoreflect.MessageDescriptor, says comments) object {
	properties := object{}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		of := kind(f)
		if f.IsList() {
			of = object{"type": "array", "items": of}
		}
		properties[string(f.Name())] = says.described(of, string(m.Name())+"."+string(f.Name()))
	}
	return says.described(object{"type": "object", "properties": properties, "additionalProperties": false}, string(m.Name()))
}

// operationOf returns the description of one method.
func operationOf(m protoreflect.MethodDescriptor, of method, says comments) object {
	content := func(schema object) object { return object{"application/json": object{"schema": schema}} }
	scheme := map[audience]string{upstreams: "signature", operators: "signature", users: "session"}[of.audience]
	return object{"post": says.described(object{
		"operationId": string(m.Parent().Name() + "." + m.Name()), "tags": []string{string(m.Parent().Name())},
		"security":    []object{{scheme: []string{}}},
		"requestBody": object{"required": true, "content": content(ref(m.Input().Name()))},
		"responses": object{
			"200":     object{"description": "done", "content": content(ref(m.Output().Name()))},
			"default": object{"description": "refused, see Error", "content": content(ref("Error")), "headers": object{headerReason: object{"schema": object{"type": "string"}}}},
		},
	}, string(m.Parent().Name()+"."+m.Name()))}
}

// generate returns the API's description.
func generate(t *testing.T) []byte {
	says, table := readComments(t), map[string]method{}
	for _, m := range methods() {
		table[m.path] = m
	}
	paths, schemas := object{}, object{"Error": object{
		"type":        "object",
		"description": "Connect's error. The HTTP status follows from its code; the detail says what the caller does next.",
		"properties": object{"code": object{"type": "string"}, "message": object{"type": "string"},
			"details": object{"type": "array", "items": object{"type": "object", "properties": object{
				"type": object{"const": "hongbao.v1.ErrorDetail"}, "value": object{"type": "string", "contentEncoding": "base64"},
				"debug": ref("ErrorDetail")}}}},
	}}
	for _, f := range files() {
		for i := range f.Enums().Len() {
			e, names := f.Enums().Get(i), []string(nil)
			for j := range e.Values().Len() {
				names = append(names, string(e.Values().Get(j).Name()))
			}
			schemas[string(e.Name())] = says.described(object{"type": "string", "enum": names}, string(e.Name()))
		}
		for i := range f.Messages().Len() {
			schemas[string(f.Messages().Get(i).Name())] = schemaOf(f.Messages().Get(i), says)
		}
		for i := range f.Services().Len() {
			for s, j := f.Services().Get(i), 0; j < s.Methods().Len(); j++ {
				path := "/" + string(s.FullName()) + "/" + string(s.Methods().Get(j).Name())
				require.Contains(t, table, path, "the server's method table lacks this method")
				paths[path] = operationOf(s.Methods().Get(j), table[path], says)
				delete(table, path)
			}
		}
	}
	require.Empty(t, table, "the server's method table has methods that the schema lacks")
	out, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{"title": "hongbao wallet", "version": "v1", "description": "The same methods answer Connect, gRPC and gRPC-Web. " +
			"Amounts are fen in fields that end in _fen, instants are Unix microseconds in fields that end in _us."},
		"paths": paths,
		"components": object{"schemas": schemas, "securitySchemes": object{
			"session":   object{"type": "http", "scheme": "bearer", "description": "a user's session token, hbs1.…"},
			"signature": object{"type": "apiKey", "in": "header", "name": "Authorization", "description": auth.SchemeHMAC + "caller=…,time=…,nonce=…,signature=…, as hongbao sign prints it"},
		}},
	}, "", " ")
	require.NoError(t, err)
	return append(out, '\n')
}

// TestOpenAPI compares the description with the schema. Run it with -update to regenerate the description.
func TestOpenAPI(t *testing.T) {
	want := generate(t)
	if *update {
		require.NoError(t, os.WriteFile("openapi.json", want, 0o644))
		return
	}
	require.Equal(t, string(want), openAPI, "run go generate ./reference/server")
}

// TestOpenAPIIsComplete checks that every name of the schema is described, and that no reference dangles.
func TestOpenAPIIsComplete(t *testing.T) {
	var doc struct {
		Paths      map[string]map[string]struct{ Description string }
		Components struct {
			Schemas map[string]struct {
				Description string
				Properties  map[string]any
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(openAPI), &doc))
	for _, m := range methods() {
		require.NotEmpty(t, doc.Paths[m.path]["post"].Description, m.path)
	}
	for _, f := range files() {
		for i := range f.Messages().Len() {
			m := f.Messages().Get(i)
			require.Len(t, doc.Components.Schemas[string(m.Name())].Properties, m.Fields().Len(), m.Name())
		}
	}
	require.Equal(t, "above zero for cash; 0 for any other reward: the scene decides the reward", doc.Components.Schemas["GrantRequest"].Properties["amount_fen"].(object)["description"])
	for _, r := range regexp.MustCompile(`#/components/schemas/(\w+)`).FindAllStringSubmatch(openAPI, -1) {
		require.Contains(t, doc.Components.Schemas, r[1])
	}
}
