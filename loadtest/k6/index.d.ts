// Types of k6/x/hongbao, for editors. Amounts are fen, latencies milliseconds.

declare module 'k6/x/hongbao' {
  /** What is played, where, and as whom. Unknown names are refused. */
  export interface Config {
    /** Path of the scenario file, from the folder that k6 runs in; the service must grant by the same file. */
    scenario: string;
    /** The service's URL. */
    target: string;
    /** Path of the keys file that `hongbao serve` makes. */
    keys: string;
    /** Who signs grants; default "demo". */
    caller?: string;
    /** Who asks how the service stands, an auditor; default "auditor". */
    operator?: string;
    /** Window by name or slug; default: the first official one of `play`, else the peak. */
    window?: string;
    play?: 'rain' | 'friend-rain' | 'card-collection' | 'card-lottery' | 'fireworks';
    /** Highest rate, such as "500/s" or 500; default: the scenario's. */
    peak?: string | number;
    /** What the window is stretched to, such as "30s" or 30; default: its own length. */
    duration?: string | number;
    /** Who the people are and what they win; default: drawn from the clock, and printed. */
    seed?: string | number;
    /** Mark all requests as a load test's; default true. */
    loadTest?: boolean;
    /** Leave the marked data where it is after the audit; default false. An instance of several always does. */
    keep?: boolean;
    /** Others move the service's live data meanwhile: a change there is not held against the run; default false. */
    shared?: boolean;
    /** Of one try; default: the scenario's. */
    timeout?: string | number;
    /** Tries of one call; default: the scenario's. */
    tries?: number;
  }

  export interface OptionsRequest {
    /** The exported function that is one iteration; default "person". */
    exec?: string;
    /** VUs made before the start, over all apps; default: half a second of the peak, and 20 an app. */
    vus?: number;
    /** VUs at most, over all apps; default: two seconds of the peak, and 20 an app. */
    maxVUs?: number;
    /** How long the audit may take; default: the scenario's drain and 15 minutes. */
    teardownTimeout?: string;
    /** More thresholds, as k6 writes them. One on a tag `operation` also wants such calls to have been made. */
    thresholds?: Record<string, string[]>;
    /** Whether the scenario file's thresholds bind; default true. */
    scenarioThresholds?: boolean;
  }

  export interface Call {
    /** "failed": no answer, or one that cannot be understood or is not true; it may have been done. */
    outcome: 'ok' | 'refused' | 'failed';
    /** "" when ok, "lie" when an answer broke a rule, else the wallet's. */
    reason: string;
    app: string;
    /** As text: it does not fit into a number. */
    user: string;
    /** Of a win, a withdrawal or a packet its amount, of a page the balance. */
    amount: number;
    /** Of a win. */
    order: string;
    /** Of a page: grants shown. Of the list of rewards: rewards. */
    lines: number;
  }

  export interface Check {
    name: string;
    result: 'pass' | 'fail' | 'unknown';
    evaluations: number;
    violations: number;
    /** The first violation in words. */
    first: string;
    /** Unknown is no pass. */
    needed: boolean;
  }

  export interface Verdict {
    passed: boolean;
    checks: Check[];
    violations: number;
    unknown: number;
    /** What could not be asked or read; "" when nothing. */
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
    /** In setup(): makes the service ready; throws when it cannot be played against. */
    begin(): void;
    /** The next person of this k6 scenario's app wins; null when nobody is left. Once in an iteration. */
    win(): Call | null;
    /** Whether the person who has won does something else, as the scenario's shares and the seed decide. */
    wants(what: 'look' | 'browse' | 'withdraw' | 'bind' | 'use' | 'send'): boolean;
    /** The wallet page of the person who has won. */
    look(): Call;
    /** The whole list of the person who has won, in small pages. */
    browse(): Call;
    /** Binds the phone of the person who has won, in both account systems. */
    bind(): Call;
    /** All that the withdraw page of the person who has won shows; null when that is nothing. */
    withdraw(): Call | null;
    /** The whole list of rewards other than cash of the person who has won. */
    rewards(): Call;
    /**
     * Uses the reward that the person has won; null when there is none. Refused as `not_usable` while its downstream has
     * not confirmed it.
     */
    use(): Call | null;
    /**
     * Sends a part of what the withdraw page of the person who has won shows to others, in one packet; null when it shows
     * nothing, and where several instances play the test.
     */
    send(): Call | null;
    /** Those open their shares, of them whom the person's packet went to, who are to by the scenario's share; may be nobody. */
    open(): Call[];
    /**
     * In teardown(): waits for the backlog, judges, throws the marked data away, prints the checks and fails the run
     * unless they pass. Nothing can be sent after it; asked again, it says the same.
     */
    audit(): Verdict;
  }

  /** In the init context. VUs that pass the same configuration play one test together. */
  export function festival(config: Config): Festival;
  const hongbao: { festival: typeof festival };
  export default hongbao;
}
