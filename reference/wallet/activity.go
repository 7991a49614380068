package wallet

import (
	"fmt"
	"slices"
)

// ActivityID names an activity: the parent that upstreams send, or a child that the asset centre selected (O4, A2).
type ActivityID string

// MaxActivityID bounds an activity's id in bytes. Every token contains one.
const MaxActivityID = 64

// SceneID names a scene: at most 32 lower-case letters, digits and '-'. It has no '_', which separates the parts of an
// order number.
type SceneID string

// RewardID names one reward of a type, such as one coupon template.
type RewardID string

// Stage is one of the three isolated stages of the festival (A1). Its number is the last part of an order number.
type Stage uint8

// The stages.
const (
	InternalTest Stage = 1 + iota
	ExternalDrill
	Official
)

// Stages is the number of stages.
const Stages = 3

var stageNames = [...]string{"", "internal-test", "external-drill", "official"}

// String returns the stage's name as scenario files write it.
func (s Stage) String() string {
	if s >= InternalTest && s <= Official {
		return stageNames[s]
	}
	return "unknown-stage"
}

// Validate returns ErrInvalid for an unknown stage.
func (s Stage) Validate() error {
	if s < InternalTest || s > Official {
		return fmt.Errorf("%w: stage %d", ErrInvalid, s)
	}
	return nil
}

// ParseStage returns the stage of that name.
func ParseStage(name string) (Stage, bool) {
	s := Stage(max(0, slices.Index(stageNames[:], name)))
	return s, s >= InternalTest
}

// AwardType is one of the 13 kinds of reward (B4).
type AwardType uint8

// The reward types.
const (
	Cash AwardType = 1 + iota
	VideoSubsidy
	AdCoupon
	EcommerceCoupon
	PaymentCoupon
	ConsumerFinanceCoupon
	InsuranceCoupon
	CreditCardCoupon
	HeyteaCoupon
	MovieCoupon
	DouPlusCoupon
	CulturalCoupon
	AvatarPendant
)

var awardNames = [...]string{"", "cash", "video-subsidy", "ad-coupon", "ecommerce-coupon", "payment-coupon", "consumer-finance-coupon",
	"insurance-coupon", "credit-card-coupon", "heytea-coupon", "movie-coupon", "dou-plus-coupon", "cultural-coupon", "avatar-pendant"}

// Valid reports whether a is one of the 13 reward types.
func (a AwardType) Valid() bool { return a >= Cash && a <= AvatarPendant }

// String returns the type's name as scenario files write it.
func (a AwardType) String() string {
	if a.Valid() {
		return awardNames[a]
	}
	return "unknown-award"
}

// ParseAwardType returns the reward type of that name.
func ParseAwardType(name string) (AwardType, bool) {
	a := AwardType(max(0, slices.Index(awardNames[:], name)))
	return a, a >= Cash
}

// Activity is the configuration tree that the asset centre grants by (O1): a parent, its children (one for each stage),
// and under each child reward types, rewards and scenes. Package activity validates it and finds scenes in it.
type Activity struct {
	Parent   ActivityID
	Budget   Money // fen; the largest sum of the children's budgets; 0: no bound
	Children []Child
}

// Child is the activity of one stage. Its time range decides which requests belong to it (A2).
type Child struct {
	ID        ActivityID
	Stage     Stage
	From      Instant // inclusive
	To        Instant // exclusive
	Budget    Money   // fen; the cash that it may grant in total (C6); above zero
	SingleCap Money   // fen; the largest single cash grant (C6); above zero
	Rewards   []RewardType
}

// RewardType holds the rewards of one type.
type RewardType struct {
	Type    AwardType
	Rewards []Reward
}

// Reward is one reward of a type, granted in one or more scenes.
type Reward struct {
	ID     RewardID
	Scenes []Scene

	// For coupons whose scenes control their stock (C1, C2). Stock is the number of coupons in each stage. While less
	// than ThresholdNum/ThresholdDen of it is left, Fallback is granted instead: another reward's coupon, or a greeting if it
	// is empty.
	Stock                      int64
	ThresholdNum, ThresholdDen int64
	Fallback                   RewardID
}

// Scene is the configuration under which a reward is granted, with the capabilities that it uses (O2).
type Scene struct {
	ID           SceneID
	BillText     string // text of its lines in the cash flow list; "" = the scene's id
	Compensate   bool   // O5: acknowledge a grant that a dependency did not confirm, and settle it later
	RateLimit    int64  // grants a second over all instances; 0 = no limit
	StockControl bool   // C1-C5; coupons only
	Reconcile    bool   // F4: posted batches are checked back against the orders
}
