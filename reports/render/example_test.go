package render_test

import (
	"fmt"
	"os"
	"path/filepath"

	"hongbao/reports"
	"hongbao/reports/render"
)

// All renderings of a record in one folder.
func ExampleWrite() {
	r, err := reports.Read("testdata/passed.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, _ := os.MkdirTemp("", "hongbao-*")
	defer os.RemoveAll(dir)
	if err := render.Write(dir, r); err != nil {
		fmt.Println(err)
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
	// Output:
	// junit.xml
	// record.json
	// report.html
	// summary.md
}
