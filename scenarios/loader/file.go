package loader

// The types below define the file format. The loader reads it and Schema describes it with the same fields and tags.
// A key is optional if its tag contains omitempty; an omitted key has the zero value.

type file struct {
	place
	Like        text            `json:"like,omitempty" jsonschema:"Base file in the same folder: top-level keys that are omitted here are taken from it."`
	Title       text            `json:"title" jsonschema:"The subject of the scenario, in one line."`
	TitleZH     text            `json:"title_zh,omitempty" jsonschema:"The title in Chinese."`
	Description text            `json:"description,omitempty" jsonschema:"The purpose of the scenario, in a few sentences."`
	Activity    text            `json:"activity" jsonschema:"The parent activity id that upstreams pass (O4)."`
	Budget      fen             `json:"budget_fen,omitempty" jsonschema:"Maximum sum of the stages' budgets; omitted: no maximum."`
	Stages      []stageFile     `json:"stages" jsonschema:"The child activities, one for each stage, in order of time (A1, A2)."`
	Rewards     []rewardFile    `json:"rewards" jsonschema:"The configuration tree of rewards and scenes, the same in every stage (O1)."`
	People      peopleFile      `json:"people" jsonschema:"The participants (B1, B2)."`
	AfterWin    afterWinFile    `json:"after_win" jsonschema:"Behaviour after a win (B5)."`
	Client      clientFile      `json:"client" jsonschema:"How the client retries requests without an answer."`
	Withdraw    withdrawFile    `json:"withdraw" jsonschema:"Who may withdraw (B7)."`
	Capacity    capacityFile    `json:"capacity" jsonschema:"The machines and their rates (S2)."`
	Latency     latencyFile     `json:"latency" jsonschema:"How long one call to each dependency takes."`
	CryptoReal  share           `json:"crypto_real_share" jsonschema:"Share of tokens sealed with the real cryptography in a run with modelled cryptography."`
	Drain       span            `json:"drain" jsonschema:"Time limit for the backlog after the last window; later it counts as stuck."`
	Downstreams downstreamsFile `json:"downstreams,omitempty" jsonschema:"The downstream systems of rewards other than cash, and their faults (B4)."`
	StageChange stageChangeFile `json:"stage_change,omitempty" jsonschema:"A stage begins at another moment than planned, and the instances learn this at different times (A2)."`
	Windows     []windowFile    `json:"windows" jsonschema:"The calendar: the periods in which plays grant rewards."`
	Faults      []faultFile     `json:"faults,omitempty" jsonschema:"The faults of the run."`
	Thresholds  []thresholdFile `json:"thresholds,omitempty" jsonschema:"Upper bounds for runs in real time."`

	Switches     []switchFile     `json:"switches,omitempty" jsonschema:"Degrade switches that operators turn on (D3)."`
	Drill        drillFile        `json:"drill,omitempty" jsonschema:"The switch that the scenario drills."`
	RunningTotal runningTotalFile `json:"running_total,omitempty" jsonschema:"A comparison of ways to keep the running total, as a separate run (R1 to R5)."`
	Coupons      couponsFile      `json:"coupons,omitempty" jsonschema:"A comparison of ways to count coupons against their stock, as a separate run (C1–C5)."`
	Limits       limitsFile       `json:"limits,omitempty" jsonschema:"A comparison of ways to limit a rate over many instances, as a separate run (L1 to L3)."`
}

type downstreamsFile struct {
	place
	Processing  span   `json:"processing,omitempty" jsonschema:"Time from acceptance to decision, for systems that accept first and decide later; omitted: no time."`
	Validity    span   `json:"life,omitempty" jsonschema:"How long a reward can be used; omitted: a day."`
	Declined    share  `json:"declined,omitempty" jsonschema:"Share of orders that are refused permanently; their coupons are returned to the stock."`
	GarbleEvery number `json:"garble_every,omitempty" jsonschema:"One reply in this many is unreadable; omitted: none."`
	Silent      toggle `json:"silent,omitempty" jsonschema:"No callbacks are sent: the service has to query accepted orders."`
}

type stageFile struct {
	place
	Stage     word[stages] `json:"stage" jsonschema:"One of the three stages (A1)."`
	ID        text         `json:"id" jsonschema:"The child activity id."`
	From      moment       `json:"from" jsonschema:"First moment of the stage."`
	To        moment       `json:"to" jsonschema:"First moment after the stage."`
	Budget    fen          `json:"budget_fen" jsonschema:"The total cash that the stage may grant (C6)."`
	SingleCap fen          `json:"single_cap_fen" jsonschema:"The largest single cash grant (C6)."`
}

type rewardFile struct {
	place
	Type   word[awards] `json:"type" jsonschema:"The reward type (B4)."`
	Reward text         `json:"reward" jsonschema:"The reward id, such as one coupon template."`
	Scenes []sceneFile  `json:"scenes" jsonschema:"The scenes that grant this reward."`

	Stock    number `json:"stock,omitempty" jsonschema:"Number of coupons in each stage, for scenes with stock_control (C1)."`
	Floor    share  `json:"floor,omitempty" jsonschema:"Share of the stock below which the fallback is granted (C2); omitted: all coupons are granted."`
	Fallback text   `json:"fallback,omitempty" jsonschema:"The reward granted instead; omitted: a greeting."`
}

type sceneFile struct {
	place
	ID         sceneName `json:"id" jsonschema:"The scene id; part of every order number (O3)."`
	BillText   text      `json:"bill_text,omitempty" jsonschema:"The line in the cash flow list; omitted: the id."`
	Compensate toggle    `json:"compensate,omitempty" jsonschema:"Complete orders later if a dependency did not confirm them (O5)."`
	RateLimit  rate      `json:"rate_limit,omitempty" jsonschema:"Grants a second over all instances (L1); omitted: no limit."`
	Stock      toggle    `json:"stock_control,omitempty" jsonschema:"Count against the stock; coupons only (C3)."`
	Reconcile  toggle    `json:"reconcile,omitempty" jsonschema:"Reconcile posted cash with the orders (F4)."`
}

type peopleFile struct {
	place
	Count      number     `json:"count" jsonschema:"People, all stages together."`
	AppShares  sharesFile `json:"app_shares" jsonschema:"Weight of each app among its holders (B1)."`
	AppsHeld   []weight   `json:"apps_held" jsonschema:"Weights of holding 1, 2, … apps."`
	PhoneBound share      `json:"phone_bound" jsonschema:"Share whose accounts are bound to their phone from the start (B2)."`
	BindLater  share      `json:"bind_later,omitempty" jsonschema:"Of the others: share that binds the phone during the official stage, after a win."`
	KeepTokens share      `json:"keep_tokens" jsonschema:"Share whose client stores its tokens and restores the wallet page with them (T8)."`
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
	Look          share `json:"look" jsonschema:"Share of winners who open the wallet page."`
	LookDelay     lapse `json:"look_delay" jsonschema:"Delay after the win."`
	OtherApp      share `json:"other_app,omitempty" jsonschema:"Of these looks: share made in another app of the same person (B1)."`
	Browse        share `json:"browse,omitempty" jsonschema:"Of these looks: share that reads the whole list in small pages (P1)."`
	Withdraw      share `json:"withdraw,omitempty" jsonschema:"Of those who looked: share that withdraws the whole balance shown (T6)."`
	WithdrawDelay lapse `json:"withdraw_delay,omitempty" jsonschema:"Delay after the look."`
	ComeBack      share `json:"come_back,omitempty" jsonschema:"Of those who looked: share that looks a second time."`
	ComeBackDelay lapse `json:"come_back_delay,omitempty" jsonschema:"Delay after the first look."`

	Use        share  `json:"use,omitempty" jsonschema:"Of those who won a reward other than cash: share that uses it (P3)."`
	UseDelay   lapse  `json:"use_delay,omitempty" jsonschema:"Delay after the win."`
	Send       share  `json:"send,omitempty" jsonschema:"Of those who looked and have a balance: share that sends a red packet to others (P4)."`
	SendDelay  lapse  `json:"send_delay,omitempty" jsonschema:"Delay after the look."`
	SendShares number `json:"send_shares,omitempty" jsonschema:"Maximum number of recipients of one packet; omitted: one."`
	Open       share  `json:"open,omitempty" jsonschema:"Of the recipients: share that opens the packet; unopened shares are returned after a day."`
	OpenDelay  lapse  `json:"open_delay,omitempty" jsonschema:"Delay after the sending."`
}

type clientFile struct {
	place
	Timeout span   `json:"timeout" jsonschema:"Without an answer in this time, the outcome is unknown to the client."`
	Tries   number `json:"tries" jsonschema:"Maximum number of tries, including the first."`
	Backoff lapse  `json:"backoff" jsonschema:"Wait before a retry."`
	Hedge   share  `json:"hedge,omitempty" jsonschema:"Share of requests that an impatient client sends twice at the same time."`
	Repeat  share  `json:"repeat,omitempty" jsonschema:"Share of acknowledged grants that are sent again later (a double tap)."`
}

type withdrawFile struct {
	place
	Release   share    `json:"release" jsonschema:"Grey release: share of people who may withdraw."`
	WhiteList []number `json:"white_list,omitempty" jsonschema:"Indexes of people who may always withdraw."`
	PerDay    fen      `json:"per_day_fen,omitempty" jsonschema:"Limit per person and day in China; omitted: no limit."`
	Times     number   `json:"times_per_day,omitempty" jsonschema:"Withdrawals per person and day in China; omitted: no limit."`
	Declined  share    `json:"declined,omitempty" jsonschema:"Share of payouts that the bank refuses permanently; the money is returned to the wallet."`
}

type capacityFile struct {
	place
	NodeInstances   number `json:"node_instances" jsonschema:"Instances of the asset centre."`
	LedgerInstances number `json:"ledger_instances" jsonschema:"Database instances of the ledger."`
	LedgerRate      rate   `json:"ledger_rate" jsonschema:"Entries a second of all instances together."`
	PostingBatch    number `json:"posting_batch" jsonschema:"Maximum number of credits in one ledger transaction."`
	PosterShards    number `json:"poster_shards" jsonschema:"Backlog shards, each with one poster."`
	LedgerQueue     span   `json:"ledger_queue" jsonschema:"A ledger call that would wait longer than this is refused as overloaded."`
}

type latencyFile struct {
	place
	Client      quantilesFile `json:"client" jsonschema:"Between client and service, each way."`
	Identity    quantilesFile `json:"identity"`
	Orders      quantilesFile `json:"orders"`
	Budget      quantilesFile `json:"budget"`
	Tokens      quantilesFile `json:"tokens"`
	Backlog     quantilesFile `json:"backlog"`
	Ledger      quantilesFile `json:"ledger" jsonschema:"One call, without the time that its entries wait for capacity."`
	Withdrawals quantilesFile `json:"withdrawals"`
	Bank        quantilesFile `json:"bank"`

	Items       quantilesFile `json:"items,omitempty" jsonschema:"Records of rewards other than cash; omitted: as orders."`
	Stock       quantilesFile `json:"stock,omitempty" jsonschema:"Counters of coupons; omitted: as budget."`
	Downstreams quantilesFile `json:"downstreams,omitempty" jsonschema:"Downstream systems of rewards other than cash; omitted: as bank."`
	Packets     quantilesFile `json:"packets,omitempty" jsonschema:"Records of packets between people; omitted: as withdrawals."`
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
	Name   text         `json:"name" jsonschema:"The name of the window in reports and on the command line."`
	Play   word[plays]  `json:"play" jsonschema:"The play (B3)."`
	Stage  word[stages] `json:"stage" jsonschema:"The stage that contains the whole window."`
	Scene  sceneName    `json:"scene,omitempty" jsonschema:"The scene of the reward; for several scenes write rewards instead."`
	Rain   number       `json:"rain" jsonschema:"Number of the round: each person gets a scene's reward once for each round and stage (O3)."`
	Start  moment       `json:"start" jsonschema:"The start of the window."`
	Rate   []point      `json:"rate" jsonschema:"Grants a second over the window, linear between the points; the first at 0s, the last at its end."`
	Amount []band       `json:"amount_fen,omitempty" jsonschema:"Amounts of a cash grant: ranges and their weights."`
	People share        `json:"people" jsonschema:"Invited share of the people, from index 0 on."`
	Peak   toggle       `json:"peak,omitempty" jsonschema:"The report compares this window's figures with the source."`

	Rewards []prizeFile `json:"rewards,omitempty" jsonschema:"The possible rewards and their weights, for several scenes."`
	Rounds  roundsFile  `json:"rounds,omitempty" jsonschema:"The window is played several times."`
	Friends number      `json:"friends,omitempty" jsonschema:"friend-rain: number of friends' pages on which each person may win, once per page."`
	Cards   cardsFile   `json:"cards,omitempty" jsonschema:"card-collection: every grant is one draw of a card."`
	Lottery lotteryFile `json:"lottery,omitempty" jsonschema:"card-lottery: only people with every kind of card take part."`
}

type faultFile struct {
	place
	Kind         word[kinds]          `json:"kind" jsonschema:"The kind of the fault."`
	Dependencies []word[dependencies] `json:"dependencies,omitempty" jsonschema:"The affected dependencies; omitted for crash and skew, which affect instances."`
	From         moment               `json:"from,omitempty" jsonschema:"Start of the fault, or the moment of a flush."`
	To           moment               `json:"to,omitempty" jsonschema:"End of the fault."`
	Ratio        share                `json:"ratio,omitempty" jsonschema:"timeout: share of the calls that get no answer."`
	Applied      share                `json:"applied,omitempty" jsonschema:"timeout: share of the unanswered calls that take effect."`
	Every        span                 `json:"every,omitempty" jsonschema:"crash: interval between two crashes of an instance."`
	For          span                 `json:"for,omitempty" jsonschema:"crash: downtime of the instance."`
	Skew         span                 `json:"skew,omitempty" jsonschema:"skew: maximum difference between the instances' clocks."`
}
