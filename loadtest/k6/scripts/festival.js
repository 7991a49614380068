// Functions shared by the scripts. Everything can be set from outside: k6 run -e TARGET=… -e KEYS=… -e PEAK=500/s rain.js

// festivalOf returns the configuration for a play of a scenario, or for the window named by the environment.
export function festivalOf(play, scenario = 'scenarios/spring-festival-2022.yaml') {
  const env = __ENV;
  return {
    scenario: env.SCENARIO || scenario,
    target: env.TARGET || 'http://127.0.0.1:8080',
    keys: env.KEYS || 'data/keys.json',
    play: env.WINDOW ? undefined : play,
    window: env.WINDOW,
    peak: env.PEAK || '200/s',
    duration: env.DURATION || '30s',
    seed: env.SEED, // absent: drawn from the clock, and printed
    loadTest: env.LOAD_TEST !== 'false',
    keep: env.KEEP === 'true',
    shared: env.SHARED === 'true',
  };
}

// visit is what a person does: win, possibly bind a phone, use a reward other than cash, walk the list or read the wallet
// page, withdraw the balance, or send a part of it to others, some of whom open their shares.
export function visit(festival) {
  const won = festival.win();
  if (won === null || won.outcome !== 'ok') return;
  if (festival.wants('bind')) festival.bind();
  if (festival.wants('use')) {
    festival.rewards();
    festival.use();
  }
  if (festival.wants('browse')) festival.browse();
  if (!festival.wants('look') || festival.look().outcome !== 'ok') return;
  if (festival.wants('withdraw')) festival.withdraw();
  if (festival.wants('send') && festival.send()?.outcome === 'ok') festival.open();
}
