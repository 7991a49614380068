package world

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTiesRunInTheOrderTheyWereScheduled(t *testing.T) {
	w := New(1, time.Unix(10, 0))
	defer w.Close()
	var log []int
	for i := range 5 {
		w.At(0, func() { log = append(log, i) })
	}
	w.Go(w.Now(), func() {
		w.Sleep(time.Second)
		log = append(log, 5)
	})
	w.Run(nil)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, log)
	require.Equal(t, time.Unix(11, 0).UnixNano(), w.Now())
	require.Equal(t, int64(7), w.Steps())
}
