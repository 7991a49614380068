package loader

// The types below are the file format: the loader reads it and Schema describes it from the same fields and tags.
// A key is optional when its tag says omitempty; what is left out is zero.

type file struct {
	place
	Like        text            `json:"like,omitempty" jsonschema:"A file beside this one: what is left out of the keys at the top is as there."`
	Title       text            `json:"title" jsonschema:"One line that says what is rehearsed."`
	TitleZH     text            `json:"title_zh,omitempty" jsonschema:"The title in Chinese."`
	Description text            `json:"description,omitempty" jsonschema:"What the scenario is for, in a few sentences."`
	Activity    text            `json:"activity" jsonschema:"The parent activity id that upstreams pass (O4)."`
	Budget      fen             `json:"budget_fen,omitempty" jsonschema:"What the stages' budgets may come to together; left out: whatever they are."`
	Stages      []stageFile     `json:"stages" jsonschema:"The child activities, one a stage, in order of time (A1, A2)."`
	Rewards     []rewardFile    `json:"rewards" jsonschema:"The configuration tree of rewards and scenes, the same in every stage (O1)."`
	People      peopleFile      `json:"people" jsonschema:"Who takes part (B1, B2)."`
	AfterWin    afterWinFile    `json:"after_win" jsonschema:"What people do after they have won (B5)."`
	Client      clientFile      `json:"client" jsonschema:"How their app repeats what had no answer."`
	Withdraw    withdrawFile    `json:"withdraw" jsonschema:"Who may withdraw (B7)."`
	Capacity    capacityFile    `json:"capacity" jsonschema:"What the machines hold (S2)."`
	Latency     latencyFile     `json:"latency" jsonschema:"How long one call to each dependency takes."`
	CryptoReal  share           `json:"crypto_real_share" jsonschema:"Share of tokens sealed with the real cryptography when a run is modelled."`
	Drain       span            `json:"drain" jsonschema:"How long after the last window the backlog may take before it counts as stuck."`
	Downstreams downstreamsFile `json:"downstreams,omitempty" jsonschema:"How the systems behind rewards other than cash work, and how badly (B4)."`
	StageChange stageChangeFile `json:"stage_change,omitempty" jsonschema:"A stage begins at another moment than was planned, which not all instances learn at once (A2)."`
	Windows     []windowFile    `json:"windows" jsonschema:"The calendar: when which play offers rewards."`
	Faults      []faultFile     `json:"faults,omitempty" jsonschema:"What goes wrong."`
	Thresholds  []thresholdFile `json:"thresholds,omitempty" jsonschema:"What a run in real time must stay at or below."`

	Switches     []switchFile     `json:"switches,omitempty" jsonschema:"Degrade switches that operators throw (D3)."`
	Drill        drillFile        `json:"drill,omitempty" jsonschema:"The switch that the scenario is a drill of."`
	RunningTotal runningTotalFile `json:"running_total,omitempty" jsonschema:"A comparison of ways to keep the running total, beside the festival (R1 to R5)."`
	Coupons      couponsFile      `json:"coupons,omitempty" jsonschema:"Ways to count coupons against their stock, compared beside the festival (C1–C5)."`
	Limits       limitsFile       `json:"limits,omitempty" jsonschema:"Ways to limit a rate over many instances, compared beside the festival (L1 to L3)."`
}

type stageFile struct {
	place
	Stage     stageName `json:"stage" jsonschema:"Which of the three stages (A1)."`
	ID        text      `json:"id" jsonschema:"The child activity id."`
	From      moment    `json:"from" jsonschema:"First moment of the stage."`
	To        moment    `json:"to" jsonschema:"First moment after the stage."`
	Budget    fen       `json:"budget_fen" jsonschema:"All the cash that the stage may grant (C6)."`
	SingleCap fen       `json:"single_cap_fen" jsonschema:"The largest single cash grant (C6)."`
}

type rewardFile struct {
	place
	Type   awardName   `json:"type" jsonschema:"The reward type (B4)."`
	Reward text        `json:"reward" jsonschema:"The reward id, such as one coupon template."`
	Scenes []sceneFile `json:"scenes" jsonschema:"The scenes that grant this reward."`

	Stock    number `json:"stock,omitempty" jsonschema:"Of coupons whose scenes control their stock: how many there are in each stage (C1)."`
	Floor    share  `json:"floor,omitempty" jsonschema:"Share of the stock below which something else is given (C2); left out: down to the last."`
	Fallback text   `json:"fallback,omitempty" jsonschema:"The reward given in its place then; left out: a greeting."`
}

type sceneFile struct {
	place
	ID         sceneName `json:"id" jsonschema:"The scene id; part of every order number (O3)."`
	BillText   text      `json:"bill_text,omitempty" jsonschema:"The line in the cash flow list; left out: the id."`
	Compensate toggle    `json:"compensate,omitempty" jsonschema:"Settle later what a dependency did not confirm (O5)."`
	RateLimit  rate      `json:"rate_limit,omitempty" jsonschema:"Grants a second over all instances (L1); left out: no limit."`
	Stock      toggle    `json:"stock_control,omitempty" jsonschema:"Count against the stock; coupons only (C3)."`
	Reconcile  toggle    `json:"reconcile,omitempty" jsonschema:"Check posted cash back against the orders (F4)."`
}

type peopleFile struct {
	place
	Count      number     `json:"count" jsonschema:"People, all stages together."`
	AppShares  sharesFile `json:"app_shares" jsonschema:"Weight of each app among its holders (B1)."`
	AppsHeld   []weight   `json:"apps_held" jsonschema:"Weights of holding 1, 2, … apps."`
	PhoneBound share      `json:"phone_bound" jsonschema:"Share whose accounts are bound to their phone from the start (B2)."`
	BindLater  share      `json:"bind_later,omitempty" jsonschema:"Of the others: share that binds it during the official stage, after a win."`
	KeepTokens share      `json:"keep_tokens" jsonschema:"Share whose client keeps its tokens and restores with them (T8)."`
}

type sharesFile struct {
	place
	Douyin        weight `json:"douyin,omitempty"`
	DouyinHuoshan weight `json:"douyin-huoshan,omitempty"`
	DouyinLite    weight `json:"douyin-lite,omitempty"`
	Xigua         weight `json:"xigua,omitempty"`
	Toutiao       weight `json:"toutiao,omitempty"`
	ToutiaoLite   weight `json:"toutiao-lite,omitempty"`
	FanqieNovel   weight `json:"fanqie-novel,omitempty"`
	FanqieAudio   weight `json:"fanqie-audio,omitempty"`
}

type afterWinFile struct {
	place
	Look          share `json:"look" jsonschema:"Share of winners that look at the wallet page."`
	LookDelay     lapse `json:"look_delay" jsonschema:"How soon after the win."`
	OtherApp      share `json:"other_app,omitempty" jsonschema:"Of the looks: share made in another app of the same person (B1)."`
	Browse        share `json:"browse,omitempty" jsonschema:"Of the looks: share that walks the whole list in small pages (P1)."`
	Withdraw      share `json:"withdraw,omitempty" jsonschema:"Of the lookers: share that withdraws the whole balance shown (T6)."`
	WithdrawDelay lapse `json:"withdraw_delay,omitempty" jsonschema:"How long they think about it."`
	ComeBack      share `json:"come_back,omitempty" jsonschema:"Of the lookers: share that looks again."`
	ComeBackDelay lapse `json:"come_back_delay,omitempty" jsonschema:"How much later."`

	Use        share  `json:"use,omitempty" jsonschema:"Of those who won a reward other than cash: share that uses it (P3)."`
	UseDelay   lapse  `json:"use_delay,omitempty" jsonschema:"How soon after the win."`
	Send       share  `json:"send,omitempty" jsonschema:"Of the lookers with a balance: share that sends a red packet to others (P4)."`
	SendDelay  lapse  `json:"send_delay,omitempty" jsonschema:"How long they think about it."`
	SendShares number `json:"send_shares,omitempty" jsonschema:"At most so many people get a share of one packet; left out: one."`
	Open       share  `json:"open,omitempty" jsonschema:"Of those whom a share is for: share that opens it; what nobody opens goes back after a day."`
	OpenDelay  lapse  `json:"open_delay,omitempty" jsonschema:"How soon."`
}

type clientFile struct {
	place
	Timeout span   `json:"timeout" jsonschema:"No answer after this: the outcome is unknown to the client."`
	Tries   number `json:"tries" jsonschema:"How often a request is sent at most, the first time included."`
	Backoff lapse  `json:"backoff" jsonschema:"Wait before a repeat."`
	Hedge   share  `json:"hedge,omitempty" jsonschema:"Share of requests sent twice at once by an impatient client."`
	Repeat  share  `json:"repeat,omitempty" jsonschema:"Share of acknowledged grants that are sent once more later (a double tap)."`
}

type withdrawFile struct {
	place
	Release   share    `json:"release" jsonschema:"Grey release: share of people who may withdraw."`
	WhiteList []number `json:"white_list,omitempty" jsonschema:"Indexes of people who may in any case."`
	PerDay    fen      `json:"per_day_fen,omitempty" jsonschema:"What one person may withdraw in a day of China at most; left out: no bound."`
	Times     number   `json:"times_per_day,omitempty" jsonschema:"How often one person may withdraw in a day of China; left out: no bound."`
	Declined  share    `json:"declined,omitempty" jsonschema:"Share of payouts that the bank refuses for good; the money goes back."`
}

type capacityFile struct {
	place
	NodeInstances   number `json:"node_instances" jsonschema:"Instances of the asset centre."`
	LedgerInstances number `json:"ledger_instances" jsonschema:"Database instances of the ledger."`
	LedgerRate      rate   `json:"ledger_rate" jsonschema:"Entries a second that all of them post together."`
	PostingBatch    number `json:"posting_batch" jsonschema:"Credits in one ledger transaction, at most."`
	PosterShards    number `json:"poster_shards" jsonschema:"Backlog shards, each with one poster."`
	LedgerQueue     span   `json:"ledger_queue" jsonschema:"A ledger call that would wait longer than this is refused as overloaded."`
}

type latencyFile struct {
	place
	Client      quantilesFile `json:"client" jsonschema:"Between the app and the service, each way."`
	Identity    quantilesFile `json:"identity"`
	Orders      quantilesFile `json:"orders"`
	Budget      quantilesFile `json:"budget"`
	Tokens      quantilesFile `json:"tokens"`
	Backlog     quantilesFile `json:"backlog"`
	Ledger      quantilesFile `json:"ledger" jsonschema:"Of one call, without the time its entries take of the capacity."`
	Withdrawals quantilesFile `json:"withdrawals"`
	Bank        quantilesFile `json:"bank"`

	Items       quantilesFile `json:"items,omitempty" jsonschema:"Records of rewards other than cash; left out: as orders."`
	Stock       quantilesFile `json:"stock,omitempty" jsonschema:"Counters of coupons; left out: as budget."`
	Downstreams quantilesFile `json:"downstreams,omitempty" jsonschema:"Systems behind the rewards other than cash; left out: as the bank."`
	Packets     quantilesFile `json:"packets,omitempty" jsonschema:"Records of packets between people; left out: as withdrawals."`
}

type quantilesFile struct {
	place
	Min span `json:"min"`
	P50 span `json:"p50"`
	P90 span `json:"p90"`
	P99 span `json:"p99"`
	Max span `json:"max"`
}

type windowFile struct {
	place
	Name   text      `json:"name" jsonschema:"What people call it."`
	Play   playName  `json:"play" jsonschema:"Which play (B3)."`
	Stage  stageName `json:"stage" jsonschema:"The stage that the whole window lies in."`
	Scene  sceneName `json:"scene,omitempty" jsonschema:"The scene that the reward is granted in, where there is one; else write rewards."`
	Rain   number    `json:"rain" jsonschema:"Number of the round: each person gets a scene's reward once a round and stage (O3)."`
	Start  moment    `json:"start" jsonschema:"When it opens."`
	Rate   []point   `json:"rate" jsonschema:"Grants a second over the window, linear between the points; the first at 0s, the last at its end."`
	Amount []band    `json:"amount_fen,omitempty" jsonschema:"What a grant of cash is worth: ranges of amounts and their weights."`
	People share     `json:"people" jsonschema:"Share of the people that is invited: the first so many."`
	Peak   toggle    `json:"peak,omitempty" jsonschema:"The window whose figures the report compares with the source."`

	Rewards []prizeFile `json:"rewards,omitempty" jsonschema:"What may be won, by weight, where it is more than one scene's reward."`
	Rounds  roundsFile  `json:"rounds,omitempty" jsonschema:"The window is played several times."`
	Friends number      `json:"friends,omitempty" jsonschema:"friend-rain: how many friends' pages each person may win on, once each."`
	Cards   cardsFile   `json:"cards,omitempty" jsonschema:"card-collection: every grant comes with a card of some kind."`
	Lottery lotteryFile `json:"lottery,omitempty" jsonschema:"card-lottery: only who has collected every kind takes part."`
}

type faultFile struct {
	place
	Kind         kindName         `json:"kind" jsonschema:"What happens."`
	Dependencies []dependencyName `json:"dependencies,omitempty" jsonschema:"To which dependencies; none for crash and skew, which befall instances."`
	From         moment           `json:"from,omitempty" jsonschema:"When it begins; a flush happens then."`
	To           moment           `json:"to,omitempty" jsonschema:"When it ends."`
	Ratio        share            `json:"ratio,omitempty" jsonschema:"timeout: share of calls."`
	Applied      share            `json:"applied,omitempty" jsonschema:"timeout: share of those that took effect nevertheless."`
	Every        span             `json:"every,omitempty" jsonschema:"crash: one instance stops every so often."`
	For          span             `json:"for,omitempty" jsonschema:"crash: how long it stays away."`
	Skew         span             `json:"skew,omitempty" jsonschema:"skew: how much the instances' clocks differ at most."`
}
