package crash

import "testing"

// open opens the stores as the instances have them.
func (c *city) open(t *testing.T) *stores {
	t.Fatal("the SQL adapters are not there yet")
	return nil
}
