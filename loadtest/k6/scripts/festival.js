// What the scripts share. Everything can be said from outside: k6 run -e TARGET=… -e KEYS=… -e PEAK=500/s rain.js

// festivalOf returns the configuration of a play, or of the window that the environment names, of a scenario.
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
    seed: env.SEED, // left out: drawn from the clock, and printed
    loadTest: env.LOAD_TEST !== 'false',
    keep: env.KEEP === 'true',
    shared: env.SHARED === 'true',
  };
}

// visit is what a person does: win, perhaps bind a phone, perhaps use what was won where that is no money, perhaps walk the
// list or look at the wallet page, perhaps withdraw what it shows, or send a part of it to others, who perhaps open it.
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
