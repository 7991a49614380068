package compare

import (
	"math"
)

// The statistics of a comparison. A load has few repeats, and its figures are about lognormally distributed: a disturbed run is
// slower by a factor. So the logarithms are compared.
//
// Rounds are compared in pairs, by Student's t on the logarithms of the ratios, because a disturbance of both runs of a round
// cancels in the ratio. Wilcoxon's signed-rank test is not used: with seven rounds its smallest p-value is 1 in 64, which is
// too large for a family of figures. Sides without rounds are compared by Welch's t, which allows different noise on the two
// sides and is accurate enough from three repeats.
//
// All intervals together hold with FamilyConfidence, by a weighted Bonferroni correction: the deciding figure has half of the
// error probability, and the other figures share the other half. So fewer than 1 in 100 comparisons of a build with itself
// show any difference, for any number of figures, and half of those differences are in the worse direction.

// familyConfidence is the joint confidence of all intervals of one comparison.
const familyConfidence = 0.99

// minSpread is the smallest assumed spread of a side, as a standard deviation of logarithms. Histograms keep three digits, so
// repeats that agree better agree by chance.
const minSpread = 0.001

// interval is a confidence interval of a change, with the best estimate in it.
type interval struct{ low, guess, high float64 }

// Deciding is the most important figure of a comparison of loads: CPU time per operation. At a fixed rate it differs least
// between runs; latencies differ several times as much.
const Deciding = "cpu_us_per_operation"

// tailOf returns criteria.tail for a figure. figures is the number of figures with an interval, and hasDeciding reports whether
// the deciding figure is one of them.
func tailOf(name string, figures int, hasDeciding bool) float64 {
	all := (1 - familyConfidence) / 2
	switch {
	case !hasDeciding || figures == 1:
		return all / float64(max(figures, 1))
	case name == Deciding:
		return all / 2
	}
	return all / 2 / float64(figures-1)
}

// ratio returns the interval of the ratio of b's typical value to a's. All values are above zero; each side has at least two.
func (c criteria) ratio(a, b []float64) interval {
	d := c.difference(logs(a), logs(b), minSpread)
	bounded := func(log float64) float64 { return math.Exp(min(max(log, -maxLog), maxLog)) }
	return interval{bounded(d.low), bounded(d.guess), bounded(d.high)}
}

// maxLog bounds the logarithms of an interval: with two repeats its ends may be huge, and JSON has no infinity.
const maxLog = 300.0

// difference returns the interval of mean(b) − mean(a). least is the smallest assumed spread of a side.
func (c criteria) difference(a, b []float64, least float64) interval {
	if c.paired {
		return c.pairedInterval(a, b, least)
	}
	return c.welchInterval(a, b, least)
}

// quantile returns studentQuantile, and takes it from c.quantiles if it is known: all figures that are compared in pairs have
// the same degrees of freedom.
func (c criteria) quantile(freedom float64) float64 {
	args := studentArgs{c.tail, freedom}
	if t, ok := c.quantiles[args]; ok {
		return t
	}
	t := studentQuantile(args.tail, args.freedom)
	if c.quantiles != nil {
		c.quantiles[args] = t
	}
	return t
}

// pairedInterval returns the interval of the mean difference of the pairs (aᵢ, bᵢ):
//
//	mean(d) ± t(1−tail, n−1)·s/√n,   dᵢ = bᵢ − aᵢ
//
// with s, the standard deviation of d, at least that of two sides with the spread least.
func (c criteria) pairedInterval(a, b []float64, least float64) interval {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = b[i] - a[i]
	}
	n := float64(len(d))
	guess, variance := moments(d)
	half := c.quantile(n-1) * math.Sqrt(max(variance, 2*least*least)/n)
	return interval{guess - half, guess, guess + half}
}

// welchInterval returns the interval of the difference of the means:
//
//	mean(b) − mean(a) ± t(1−tail, ν)·√(s²a/na + s²b/nb)
//
// with ν the degrees of freedom by Welch and Satterthwaite, and s at least least.
func (c criteria) welchInterval(a, b []float64, least float64) interval {
	ma, va := moments(a)
	mb, vb := moments(b)
	na, nb := float64(len(a)), float64(len(b))
	ea, eb := max(va, least*least)/na, max(vb, least*least)/nb
	guess := mb - ma
	if ea+eb == 0 {
		return interval{guess, guess, guess}
	}
	sa, sb := ea/(ea+eb), eb/(ea+eb) // shares, because the squares of tiny errors would be zero
	freedom := 1 / (sa*sa/(na-1) + sb*sb/(nb-1))
	half := c.quantile(freedom) * math.Sqrt(ea+eb)
	return interval{guess - half, guess, guess + half}
}

// moments returns the mean and the variance of a sample of at least two values.
func moments(xs []float64) (center, variance float64) {
	center = mean(xs)
	for _, x := range xs {
		variance += (x - center) * (x - center)
	}
	return center, variance / float64(len(xs)-1)
}

// studentArgs are the arguments of studentQuantile.
type studentArgs struct{ tail, freedom float64 }

// studentQuantile returns the t that a variable of Student's distribution exceeds with probability tail, which is below ½.
// freedom is the number of degrees of freedom, at least 1. It bisects the angle θ with t = √ν·tan θ. Most of the cost of a
// comparison is in studentTail, so after some steps Newton's method estimates θ, and only steps close to the estimate are
// evaluated. The result is the same as without the estimate.
func studentQuantile(tail, freedom float64) float64 {
	const steps, coarse = 45, 8
	const near = 1e-12 // distance from the estimate: far above its error and above the resolution of the bisection
	low, high, estimate := 0.0, math.Pi/2, 0.0
	for i := range steps {
		if i == coarse {
			estimate = studentAngle(low, tail, freedom)
		}
		mid := (low + high) / 2
		above := mid < estimate // whether θ is above mid
		if estimate == 0 || math.Abs(mid-estimate) < near {
			above = studentTail(mid, freedom) > tail
		}
		if above {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Sqrt(freedom) * math.Tan((low+high)/2)
}

// studentAngle returns the θ above low with studentTail(θ, ν) = tail by Newton's method, or 0 if low is too small: there
// studentTail is not accurate enough. The derivative of studentTail is
//
//	−Γ((ν+1)/2) / (√π·Γ(ν/2)) · cos^(ν−1) θ
//
// and studentTail is convex, so the iteration approaches θ from below.
func studentAngle(low, tail, freedom float64) float64 {
	const minLow, maxSteps = 0.1, 20 // about four steps are usual
	if low < minLow {
		return 0
	}
	a, _ := math.Lgamma((freedom + 1) / 2)
	b, _ := math.Lgamma(freedom / 2)
	slope := math.Exp(a-b) / math.Sqrt(math.Pi)
	theta := low
	for range maxSteps {
		step := (studentTail(theta, freedom) - tail) / (slope * math.Pow(math.Cos(theta), freedom-1))
		theta += step
		if step < 1e-10 { // convergence is quadratic, so the error is far below that
			return theta
		}
	}
	return 0
}

// studentTail returns the probability of values above t = √ν·tan θ, which is half of the regularised incomplete beta function
//
//	I(x; a, b) = xᵃ(1−x)ᵇ / (a·B(a, b)) · 1/(1 + d₁/(1 + d₂/(1 + …))),   x = cos²θ, a = ν/2, b = ½
//
// with the continued fraction of DLMF 8.17.22, cut after a number of terms that no longer change the printed digits.
func studentTail(theta, freedom float64) float64 {
	const terms = 60
	a, b, cos := freedom/2, 0.5, math.Cos(theta)
	x := cos * cos
	fraction := 1.0
	for m := float64(terms); m > 0; m-- {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		odd := -(a + m - 1) * (a + b + m - 1) * x / ((a + 2*m - 2) * (a + 2*m - 1))
		fraction = 1 + odd/(1+even/fraction)
	}
	ga, _ := math.Lgamma(a)
	gb, _ := math.Lgamma(b)
	gab, _ := math.Lgamma(a + b)
	return math.Exp(gab-ga-gb) * math.Pow(x, a) * math.Sin(theta) / a / fraction / 2
}
