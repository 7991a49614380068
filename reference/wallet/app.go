package wallet

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

// Apps is how many there are.
const Apps = 8

var appNames = [...]string{"", "douyin", "douyin-huoshan", "douyin-lite", "xigua", "toutiao", "toutiao-lite", "fanqie-novel", "fanqie-audio"}

// String returns the app's name as scenario files write it.
func (a App) String() string {
	if a.Valid() {
		return appNames[a]
	}
	return "unknown-app"
}

// Valid says whether a is one of the eight.
func (a App) Valid() bool { return a >= Douyin && a <= FanqieAudio }

// ParseApp returns the app of that name.
func ParseApp(name string) (App, bool) {
	for a := Douyin; a <= FanqieAudio; a++ {
		if appNames[a] == name {
			return a, true
		}
	}
	return 0, false
}

// Family is an account system; user ids mean nothing outside their family (B2).
type Family uint8

// The two account systems. Which app logs in where is our choice; the source names only the two.
const (
	DouyinFamily Family = 1 + iota
	ToutiaoFamily
)

// Family returns the account system that a's users log in with.
func (a App) Family() Family {
	if a <= DouyinLite {
		return DouyinFamily
	}
	return ToutiaoFamily
}
