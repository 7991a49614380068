package attack

// Names for tests outside the package.
const DefaultInFlight = defaultInFlight

var (
	ErrPlan   = errPlan
	ErrCounts = errCounts
	ErrAnswer = errAnswer
)

func (r *Report) Scheduled() int64 { return r.scheduled() }
func (r *Report) Sent() int64      { return r.sum(func(k Kind) int64 { return k.Sent }) }
func (r *Report) Unsent() int64    { return r.unsent() }
