package archtest_test

import (
	"os"
	"testing"
)

// TestMain runs the tests in the root folder of the module, because they read every file of the module.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
