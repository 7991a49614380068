package wallet

import "slices"

// App is one of the eight apps of the festival (B1). Its number is the AppID on the wire.
type App uint8

// The eight apps.
const (
	Douyin App = 1 + iota
	DouyinHuoshan
	DouyinLite
	Xigua
	Toutiao
	ToutiaoLite
	FanqieNovel
	FanqieAudio
)

// Apps is the number of apps.
const Apps = 8

var appNames = [...]string{"", "douyin", "douyin-huoshan", "douyin-lite", "xigua", "toutiao", "toutiao-lite", "fanqie-novel", "fanqie-audio"}

// String returns the app's name as scenario files write it.
func (a App) String() string {
	if a.Valid() {
		return appNames[a]
	}
	return "unknown-app"
}

// Valid reports whether a is one of the eight apps.
func (a App) Valid() bool { return a >= Douyin && a <= FanqieAudio }

// ParseApp returns the app of that name.
func ParseApp(name string) (App, bool) {
	a := App(max(0, slices.Index(appNames[:], name)))
	return a, a >= Douyin
}

// Family is an account system. A user id is unique only within its family (B2).
type Family uint8

// The two account systems. Our choice: which apps use which system. The source names only the two systems.
const (
	DouyinFamily Family = 1 + iota
	ToutiaoFamily
)

// Family returns the account system that the app's users log in with.
func (a App) Family() Family {
	if a <= DouyinLite {
		return DouyinFamily
	}
	return ToutiaoFamily
}
