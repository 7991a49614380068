// Types of k6/x/hongbao, for editors. Amounts are fen, latencies milliseconds.

declare module 'k6/x/hongbao' {
  /** The scenario, the target and the keys. Unknown names are refused. */
  export interface Config {
    /** Path of the scenario file, relative to the working directory of k6; the service must serve the same file. */
    scenario: string;
    /** The service's URL. */
    target: string;
    /** Path of the keys file that `hongbao serve` makes. */
    keys: string;
    /** The caller that signs grants; default "demo". */
    caller?: string;
    /** The operator (an auditor) that reads the service's state; default "auditor". */
    operator?: string;
    /** Window by name or slug; default: the first official one of `play`, else the peak. */
    window?: string;
    play?: 'rain' | 'friend-rain' | 'card-collection' | 'card-lottery' | 'fireworks';
    /** Highest rate, such as "500/s" or 500; default: the scenario's. */
    peak?: string | number;
    /** The length to which the window is scaled, such as "30s" or 30; default: its own length. */
    duration?: string | number;
    /** Determines who the people are and what they win; default: drawn from the clock, and printed. */
    seed?: string | number;
    /** Put the load-test mark on all requests; default true. */
    loadTest?: boolean;
    /** Leave the load-test data in place after the audit; default false. One instance of several always does. */
    keep?: boolean;
    /** Others change the service's live data meanwhile, so a change there is not a violation; default false. */
    shared?: boolean;
    /** Timeout of one try; default: the scenario's. */
    timeout?: string | number;
    /** Tries of one call; default: the scenario's. */
    tries?: number;
  }

  export interface OptionsRequest {
    /** The exported function that is one iteration; default "person". */
    exec?: string;
    /** VUs created before the start, over all apps; default: half a second of the peak, and 20 per app. */
    vus?: number;
    /** Maximum of VUs, over all apps; default: two seconds of the peak, and 20 per app. */
    maxVUs?: number;
    /** Maximum duration of the audit; default: the scenario's drain plus 15 minutes. */
    teardownTimeout?: string;
    /** Further thresholds, in k6's syntax. A threshold on a tag `operation` also requires at least one such call. */
    thresholds?: Record<string, string[]>;
    /** Whether the scenario file's thresholds apply; default true. */
    scenarioThresholds?: boolean;
  }

  export interface Call {
    /** "failed": no answer, an unreadable one, or one that violates a check; the operation may have been done. */
    outcome: 'ok' | 'refused' | 'failed';
    /** "" if ok, "lie" if an answer violates a check, else the wallet's reason. */
    reason: string;
    app: string;
    /** As text, because it does not fit into a number. */
    user: string;
    /** The amount of a win, a withdrawal or a packet; the balance of a page. */
    amount: number;
    /** The order number of a win. */
    order: string;
    /** Of a page: the grants shown. Of the list of rewards: the rewards. */
    lines: number;
  }

  export interface Check {
    name: string;
    result: 'pass' | 'fail' | 'unknown';
    evaluations: number;
    violations: number;
    /** The message of the first violation. */
    first: string;
    /** If unknown, the run does not pass. */
    needed: boolean;
  }

  export interface Verdict {
    passed: boolean;
    checks: Check[];
    violations: number;
    unknown: number;
    /** What could not be requested or read; "" if nothing. */
    problem: string;
    scheduled: number;
    sent: number;
    drainedSeconds: number;
  }

  export interface Festival {
    /** In the init context: `export const options = festival.options()`. */
    options(ask?: OptionsRequest): object;
    /** Wins by app. */
    scheduled(): Record<string, number>;
    /** In setup(): prepares the service; throws if it cannot be used. */
    begin(): void;
    /** Requests the win of the next person of this k6 scenario's app; null if none is left. Once per iteration. */
    win(): Call | null;
    /** Whether the person of the win continues with an operation, by the scenario's shares and the seed. */
    wants(what: 'look' | 'browse' | 'withdraw' | 'bind' | 'use' | 'send'): boolean;
    /** Reads the wallet page of the person. */
    look(): Call;
    /** Walks the whole list of the person in small pages. */
    browse(): Call;
    /** Binds the phone of the person in both account systems. */
    bind(): Call;
    /** Withdraws the whole balance on the person's withdraw page; null if there is none. */
    withdraw(): Call | null;
    /** Reads the person's whole list of rewards other than cash. */
    rewards(): Call;
    /**
     * Uses the reward of the win; null if there is none. Refused as `not_usable` while its downstream has not confirmed
     * it.
     */
    use(): Call | null;
    /**
     * Sends a part of the balance on the person's withdraw page to others, in one packet; null if there is no balance, or if
     * several instances run the test.
     */
    send(): Call | null;
    /** Opens shares of the person's packet, by those recipients who open one by the scenario's share; may be empty. */
    open(): Call[];
    /**
     * In teardown(): waits for the backlog, judges, deletes the load-test data, prints the checks and fails the run unless
     * they pass. Nothing can be sent after it; further calls return the same verdict.
     */
    audit(): Verdict;
  }

  /** In the init context. VUs that pass the same configuration share one test. */
  export function festival(config: Config): Festival;
  const hongbao: { festival: typeof festival };
  export default hongbao;
}
