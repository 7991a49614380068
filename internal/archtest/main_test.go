package archtest_test

import (
	"os"
	"testing"
)

// TestMain runs the tests in the module's folder: they read every file of the module.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
