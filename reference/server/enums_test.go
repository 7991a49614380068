package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	pb "hongbao/reference/server/hongbaopb"
)

// TestEnums: the schema has exactly one name for every state of the service, and the same numbers.
func TestEnums(t *testing.T) {
	names, err := filepath.Glob("../wallet/*.go")
	require.NoError(t, err)
	declared := map[string]int{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			of := ""
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				if typed, ok := v.Type.(*ast.Ident); ok {
					of = typed.Name
				} else if len(v.Values) > 0 {
					of = ""
				}
				declared[of] += len(v.Names)
			}
		}
	}
	for name, c := range map[string]struct {
		of      map[int32]string
		besides int // values that mean "unspecified"
	}{
		"App": {pb.App_name, 1}, "Stage": {pb.Stage_name, 1}, "AwardType": {pb.AwardType_name, 1}, "GrantState": {pb.GrantState_name, 1},
		"WithdrawalState": {pb.WithdrawalState_name, 1}, "ItemState": {pb.ItemState_name, 0}, "PacketState": {pb.PacketState_name, 1},
		"ShareState": {pb.ShareState_name, 0}, "BulkState": {pb.BulkState_name, 1},
	} {
		require.NotZero(t, declared[name], name)
		require.Len(t, c.of, declared[name]+c.besides, "%s: the schema and the service do not have the same values", name)
	}
}
