package compare

import (
	"math"
)

// The comparison's statistics. Repeats of a load are few, and their figures are about lognormal: a run is slower by a
// factor, not by so many milliseconds. So the logarithms are compared.
//
// Rounds in which both sides were played are compared one by one, by Student's t on the logarithms of the ratios:
// whatever slowed down both is not in a ratio. It is t and not Wilcoxon's signed ranks, because of seven rounds those
// cannot say more than 1 in 64, which is too little for a family of figures. Sides that were not played by rounds are
// compared by Welch's t, which lets them differ in noise and is exact enough from three repeats on.
//
// The intervals of all figures together hold with FamilyConfidence, by Bonferroni with weights: half of the chance of
// an error is the deciding figure's, the others share the other half. So of a hundred comparisons of a build with
// itself fewer than one shows any difference, however many figures are looked at, and half of those a worse one.

// FamilyConfidence is the confidence of all intervals of one comparison together.
const FamilyConfidence = 0.99

// resolution is the least spread, as a standard deviation of logarithms, that a side is believed to have: histograms
// keep three digits, and repeats that agree better than that agree by chance.
const resolution = 0.001

// interval is a range that holds the true change with the confidence asked for, and the best guess in it.
type interval struct{ low, guess, high float64 }

// Deciding is the figure that a comparison of loads rests on. Processor time an operation at a fixed rate differs least
// from one run to the next; latencies differ by several times as much.
const Deciding = "cpu_us_per_operation"

// tailOf returns the chance of a change beyond either end of a figure's interval, among so many figures that have one.
// decides: the deciding one is among them.
func tailOf(name string, figures int, decides bool) float64 {
	all := (1 - FamilyConfidence) / 2
	switch {
	case !decides || figures == 1:
		return all / float64(max(figures, 1))
	case name == Deciding:
		return all / 2
	}
	return all / 2 / float64(figures-1)
}

// ratio returns the ratio of b's typical value to a's. All values are above zero; each side has at least two.
func (y yardstick) ratio(a, b []float64) interval {
	logs := func(xs []float64) []float64 {
		out := make([]float64, len(xs))
		for i, x := range xs {
			out[i] = math.Log(x)
		}
		return out
	}
	d := y.difference(logs(a), logs(b), resolution)
	return interval{math.Exp(max(d.low, -widest)), math.Exp(d.guess), math.Exp(min(d.high, widest))}
}

// widest bounds the logarithm of an interval's ends: of two repeats it may be anything, and JSON has no infinity.
const widest = 300.0

// difference returns by how much b's mean is above a's. least is the least spread that a side is believed to have.
func (y yardstick) difference(a, b []float64, least float64) interval {
	if y.paired {
		return pairedInterval(a, b, y.tail, least)
	}
	return welchInterval(a, b, y.tail, least)
}

// pairedInterval returns by how much b is above a, whose values belong together one by one:
//
//	mean(d) ± t(1−tail, n−1)·s/√n,   dᵢ = bᵢ − aᵢ
//
// with s, the standard deviation of d, at least that of two sides that have the spread least each.
func pairedInterval(a, b []float64, tail, least float64) interval {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = b[i] - a[i]
	}
	n := float64(len(d))
	guess, variance := moments(d)
	half := studentQuantile(tail, n-1) * math.Sqrt(max(variance, 2*least*least)/n)
	return interval{guess - half, guess, guess + half}
}

// welchInterval returns by how much b's mean is above a's:
//
//	mean(b) − mean(a) ± t(1−tail, ν)·√(s²a/na + s²b/nb)
//
// with ν the degrees of freedom after Welch and Satterthwaite, and s at least least.
func welchInterval(a, b []float64, tail, least float64) interval {
	ma, va := moments(a)
	mb, vb := moments(b)
	na, nb := float64(len(a)), float64(len(b))
	ea, eb := max(va, least*least)/na, max(vb, least*least)/nb
	guess := mb - ma
	if ea+eb == 0 {
		return interval{guess, guess, guess}
	}
	freedom := (ea + eb) * (ea + eb) / (ea*ea/(na-1) + eb*eb/(nb-1))
	half := studentQuantile(tail, freedom) * math.Sqrt(ea+eb)
	return interval{guess - half, guess, guess + half}
}

// moments returns the mean and the variance of a sample of two or more.
func moments(xs []float64) (mean, variance float64) {
	for _, x := range xs {
		mean += x
	}
	mean /= float64(len(xs))
	for _, x := range xs {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(len(xs)-1)
}

// studentQuantile returns the t that Student's distribution with so many degrees of freedom, one or more, exceeds with
// the chance tail, which is below a half.
func studentQuantile(tail, freedom float64) float64 {
	low, high := 0.0, math.Pi/2 // of the angle whose tangent is t/√ν
	for range 45 {
		if mid := (low + high) / 2; studentTail(mid, freedom) > tail {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Sqrt(freedom) * math.Tan((low+high)/2)
}

// studentTail returns the chance beyond t = √ν·tan θ, which is half of the regularised incomplete beta function
//
//	I(x; a, b) = xᵃ(1−x)ᵇ / (a·B(a, b)) · 1/(1 + d₁/(1 + d₂/(1 + …))),   x = cos²θ, a = ν/2, b = ½
//
// with the continued fraction of DLMF 8.17.22, cut where it no longer changes what is printed.
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
